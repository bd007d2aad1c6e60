# Written by mpgen from the Rust source; change that one instead.

@0xf2c5cfa319406aa6;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Echo = import "/bitcoin/echo.capnp";
using Mining = import "mining.capnp";

interface Init $Proxy.wrap("interfaces::Init") {
  # The first interface of a node, in the form of Bitcoin Core v32. [`interfaces::Init`](crate::interfaces::Init)
  # has what is not released beside.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  makeEcho @1 (context :Proxy.Context) -> (result :Echo.Echo);
  # Something to test the connection with.

  makeMiningOld2 @2 () -> ();
  # How v30 made Mining; an error.

  makeMining @3 (context :Proxy.Context) -> (result :Mining.Mining);
  # Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
  # down.
}
