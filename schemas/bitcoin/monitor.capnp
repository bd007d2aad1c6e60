# Written by mpgen from the Rust source; change that one instead.

@0x96dc993d988ea119;


interface Monitor {
  # What a process tells about its calls. Not an interface of Bitcoin Core.

  callCounts @0 () -> (result :List(CallCount));
  # The calls so far, by side, interface and method.
}

struct CallCount {
  # The calls of one method.

  served @0 :Bool;
  # Whether the process served the calls; otherwise it made them.

  interface @1 :Text;
  # The interface, by its schema name.

  method @2 :Text;
  # The method, by its schema name.

  calls @3 :UInt64;
  # Calls that have ended.

  errors @4 :UInt64;
  # Those of them that failed.

  total @5 :Int64;
  # The time that all of them took. Microseconds on the wire.
  # In microseconds.

  longest @6 :Int64;
  # The time that the longest took. Microseconds on the wire.
  # In microseconds.

  classes @7 :List(UInt64);
  # How many took at most as long as each of [`CLASSES`](mp_runtime::monitor::CLASSES) and
  # longer than the one before.
}
