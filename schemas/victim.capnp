# Written by mpgen from the Rust source; change that one instead.

@0xd1b200000000000c;

using Proxy = import "/mp/proxy.capnp";

interface Part @0xd1b20000000000c1 {
  # Something that a peer can implement, or be given.

  destroy @0 (context :Proxy.Context) -> ();
  number @1 (context :Proxy.Context) -> (result :Int32);
  # A number.
}

interface Victim @0xd1b20000000000cc {
  # What the peers call; [`method`] has the ordinals.

  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  hello @1 () -> (result :Int32);
  # Returns at once.

  onThread @2 (context :Proxy.Context, value :Int32) -> (result :Int32);
  # Returns at once, on the thread that the call names.

  block @3 (context :Proxy.Context) -> (result :Int32);
  # Returns when it is released.

  release @4 () -> ();
  # Releases what is blocked.

  take @5 (bytes :Data) -> (result :UInt64);
  # Counts bytes.

  takeOnThread @6 (context :Proxy.Context, bytes :Data) -> (result :UInt64);
  # Counts bytes on the thread that the call names.

  give @7 (length :UInt64) -> (result :Data);
  # So many bytes.

  giveOnThread @8 (context :Proxy.Context, length :UInt64) -> (result :Data);
  # So many bytes, made on the thread that the call names.

  wait @9 () -> (result :Part);
  # Never returns.

  make @10 () -> (result :Part);
  # Makes a part.

  keep @11 (part :Part) -> ();
  # Keeps a part beside those that were kept before.

  useKept @12 (context :Proxy.Context) -> (result :Int32);
  # Asks the part that was kept first for its number.

  giveKept @13 () -> (result :Part);
  # Gives the part that was kept first.

  dropKept @14 () -> ();
  # Forgets all parts.

  fail @15 (length :UInt64) -> ();
  # Fails, with a text of this length.

  keepAll @16 (parts :List(Part)) -> ();
  # Keeps parts beside those that were kept before.

  echo @17 (bytes :Data) -> (result :Data);
  # Returns what it is given.

  askForEcho @18 (other :Victim, length :UInt64, count :UInt32) -> (result :UInt64);
  # Has another one echo so many bytes, so often at once.
}
