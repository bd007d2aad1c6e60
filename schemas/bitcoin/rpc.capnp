# Written by mpgen from the Rust source; change that one instead.

@0x9c3505dc45e146ac;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";

interface Rpc $Proxy.wrap("interfaces::Rpc") {
  # The node's JSON-RPC server, without HTTP. Bitcoin Core has it since v32.

  executeRpc @0 (context :Proxy.Context, request :Text, uri :Text, user :Text) -> (result :Text);
  # Runs a request and gives the response, both as the objects that HTTP would carry. `uri` is
  # the path of the request (`/wallet/name` for a wallet's methods), `user` whose it is. Neither
  # reaches the log: there are passphrases and keys in requests and responses. The request keeps fields
  # that come twice, which some methods refuse.
}
