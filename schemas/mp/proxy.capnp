# What every interface between processes needs: the threads that calls run on, and annotations
# that tell libmultiprocess's generator how a schema maps to C++.

@0xcc316e3f71a040fb;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("mp");

annotation include @0xb899f3c154fdb458 (file): Text;
# A header with the interface classes.

annotation includeTypes @0xbcec15648e8a0cf1 (file): Text;
# A header with conversions of their types.

annotation wrap @0xe6f46079b7b1405e (interface, struct): Text;
# The C++ class behind the interface or struct.

annotation count @0xd02682b319f69b38 (param, struct, interface): Int32;
# How many C++ arguments a parameter stands for.

annotation exception @0x996a183200992f88 (param): Text;
# The C++ exception that a result field carries.

annotation name @0xb594888f63f4dbb9 (field, method): Text;
# The C++ name, where it is another one.

annotation skip @0x824c08b82695d8dd (field): Void;
# Left out of the C++ struct.

interface ThreadMap $count(0) {
  # Makes threads for a peer.

  makeThread @0 (name :Text) -> (result :Thread);
  # A thread on which the peer's calls run one after the other.

  makePool @1 (count :UInt32) -> ();
  # Threads for calls that name none.
}

interface Thread {
  # A thread of the process that serves it.

  getName @0 () -> (result :Text);
  # Its name.
}

struct Context $count(0) {
  # Where a call runs, and where calls run that it makes in turn.

  thread @0 :Thread;
  # The thread of the called process on which the method runs.

  callbackThread @1 :Thread;
  # The thread of the calling process on which callbacks run.
}
