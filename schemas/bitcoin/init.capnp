# Written by mpgen from the Rust source; change that one instead.

@0xf2c5cfa319406aa6;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Chain = import "chain.capnp";
using Common = import "common.capnp";
using Echo = import "echo.capnp";
using Mining = import "mining.capnp";
using Node = import "node.capnp";
using Rpc = import "rpc.capnp";
using Wallet = import "wallet.capnp";

interface Init $Proxy.wrap("interfaces::Init") {
  # The first interface of every process. Methods for what the process does not have give `None`.
  # Bitcoin Core v32 has the methods up to `make_rpc`; the last three belong to the split into
  # processes, which is not released. [`release::v32::Init`](crate::release::v32::Init) is the
  # released part.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  makeEcho @1 (context :Proxy.Context) -> (result :Echo.Echo);
  # Something to test the connection with.

  makeMiningOld2 @2 () -> ();
  # How v30 made [`Mining`]; today an error.

  makeMining @3 (context :Proxy.Context) -> (result :Mining.Mining);
  # Block templates and blocks. Waits until the node has loaded its chain.

  makeRpc @4 (context :Proxy.Context) -> (result :Rpc.Rpc);
  # The JSON-RPC server.

  makeChain @5 (context :Proxy.Context) -> (result :Chain.Chain);
  # What a node offers its wallets.

  makeNode @6 (context :Proxy.Context) -> (result :Node.Node);
  # What a node offers its GUI.

  makeWalletLoader @7 (context :Proxy.Context, globalArgs :Common.GlobalArgs, chain :Chain.Chain) -> (result :Wallet.WalletLoader);
  # A wallet process's wallets, which use `chain` as long as they live.
}
