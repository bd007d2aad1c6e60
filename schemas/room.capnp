# Written by mpgen from the Rust source; change that one instead.

@0xa9d5b3c07f164e28;

using Proxy = import "/mp/proxy.capnp";

interface Member {
  # Somebody in the room.

  destroy @0 (context :Proxy.Context) -> ();
  hear @1 (context :Proxy.Context, speaker :UInt32, text :Text) -> ();
  # Hears what was said, and by whom.
}

interface Room {
  # The room.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  join @1 (context :Proxy.Context, member :Member) -> (result :UInt32);
  # Joins the room; returns the member's number.

  say @2 (context :Proxy.Context, speaker :UInt32, text :Text) -> (result :UInt32);
  # Says something; returns how many members heard it.
}
