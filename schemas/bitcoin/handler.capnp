# Written by mpgen from the Rust source; change that one instead.

@0xebd8f46e2f369076;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";

interface Handler $Proxy.wrap("interfaces::Handler") {
  # A registration for notifications or RPC commands. Dropping it ends the registration too.

  destroy @0 (context :Proxy.Context) -> ();
  disconnect @1 (context :Proxy.Context) -> ();
  # Ends the registration.
}
