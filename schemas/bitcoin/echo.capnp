# Written by mpgen from the Rust source; change that one instead.

@0x888b4f7f51e691f7;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";

interface Echo $Proxy.wrap("interfaces::Echo") {
  # Sends back what it gets, to see whether a connection works.

  destroy @0 (context :Proxy.Context) -> ();
  echo @1 (context :Proxy.Context, echo :Text) -> (result :Text);
  # Sends the text back.
}
