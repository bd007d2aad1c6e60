# Written by mpgen from the Rust source; change that one instead.

@0xd1b200000000000d;

using Proxy = import "/mp/proxy.capnp";

interface Part {
  # Something that a child has made.

  destroy @0 (context :Proxy.Context) -> ();
  uses @1 (context :Proxy.Context) -> (result :UInt64);
  # By how many it is used.
}

interface Child {
  # A child.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  make @1 (context :Proxy.Context) -> (result :Part);
  # Makes a part.

  rest @2 (context :Proxy.Context, milliseconds :UInt32) -> ();
  # Returns after so long.

  descriptors @3 (context :Proxy.Context) -> (result :List(Text));
  # What the open descriptors of the child stand for.
}
