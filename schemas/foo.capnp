# Written by mpgen from the Rust source; change that one instead.

@0xe102a54b33a43a20;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("mp::test::messages");

using Proxy = import "/mp/proxy.capnp";
$Proxy.include("mp/test/foo.h");
$Proxy.includeTypes("mp/test/foo-types.h");

interface FooCallback $Proxy.wrap("mp::test::FooCallback") {
  # A callback with one method.

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
  # Calls back.
}

interface ExtendedCallback extends(FooCallback) $Proxy.wrap("mp::test::ExtendedCallback") {
  # A callback that inherits a method.

  callExtended @0 (context :Proxy.Context, arg :Int32) -> (result :Int32);
  # Calls back in another way.
}

interface FooFn $Proxy.wrap("ProxyCallback<std::function<int()>>") {
  # A closure without parameters.

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> (result :Int32);
  # Calls the closure.
}

interface IntFn {
  # A closure with a borrowed parameter.

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, name :Text, arg :Int32) -> (result :Int32);
  # Calls the closure.
}

interface FooInterface $Proxy.wrap("mp::test::FooImplementation") {
  # What libmultiprocess's tests call.

  add @0 (a :Int32, b :Int32) -> (result :Int32);
  # Adds two numbers.

  mapSize @1 (map :List(PairTextText)) -> (result :Int32);
  # Counts the entries of a map.

  pass @2 (arg :FooStruct) -> (result :FooStruct);
  # Gives a struct back.

  raise @3 (arg :FooStruct) -> (error :FooStruct $Proxy.exception("mp::test::FooStruct"));
  # Raises a declared exception.

  initThreadMap @4 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  callback @5 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
  # Calls a borrowed callback.

  callbackUnique @6 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
  # Calls an owned callback.

  callbackShared @7 (context :Proxy.Context, callback :FooCallback, arg :Int32) -> (result :Int32);
  # Calls a shared callback.

  saveCallback @8 (context :Proxy.Context, callback :FooCallback) -> ();
  # Keeps a callback, or drops the one that was kept.

  callbackSaved @9 (context :Proxy.Context, arg :Int32) -> (result :Int32);
  # Calls the callback that was kept.

  callbackExtended @10 (context :Proxy.Context, callback :ExtendedCallback, arg :Int32) -> (result :Int32);
  # Calls a borrowed callback of a derived interface.

  passCustom @11 (arg :FooCustom) -> (result :FooCustom);
  # Gives a value of a foreign type back.

  passEmpty @12 (arg :FooEmpty) -> (result :FooEmpty);
  # Gives nothing back.

  passMessage @13 (arg :FooMessage) -> (result :FooMessage);
  # Gives a message back.

  passMutable @14 (arg :FooMutable) -> (arg :FooMutable);
  # Changes a message.

  passEnum @15 (arg :Int32) -> (result :Int32);
  # Gives an enum back.

  passFn @16 (context :Proxy.Context, fn :FooFn) -> (result :Int32);
  # Calls a closure.

  callFn @17 () -> ();
  # Calls the closure that the implementation holds, on the event loop.

  callFnAsync @18 (context :Proxy.Context) -> ();
  # Calls the closure that the implementation holds, on a thread.

  addOut @19 (a :Int32, b :Int32) -> (ret :Int32);
  # Adds two numbers into a third.

  addInOut @20 (x :Int32, sum :Int32) -> (sum :Int32);
  # Adds a number to another.

  callIntFnAsync @21 (context :Proxy.Context, arg :Int32) -> (result :Int32);
  # Calls the closure with a number that the implementation holds.

  passDataPointers @22 (arg :List(Data)) -> (result :List(Data));
  # Gives a list back in which some data is missing.

  passDouble @23 (arg :Float64) -> (result :Float64);
  # Gives a number back.

  passData @24 (arg :Data) -> (result :Data);
  # Gives bytes back.
}

struct PairTextText {
  key @0 :Text;
  value @1 :Text;
}

struct FooStruct $Proxy.wrap("mp::test::FooStruct") {
  # A struct with every kind of collection.

  name @0 :Text;
  # A name.

  setInt @1 :List(Int32) $Proxy.name("set_int");
  # A set.

  vectorBool @2 :List(Bool) $Proxy.name("vector_bool");
  # A vector of bools.

  optionalInt @3 :Int32 $Proxy.name("optional_int");
  # An optional number, with a flag beside it.

  hasOptionalInt @4 :Bool $Proxy.name("hasOptional_int");
  unorderedSetInt @5 :List(Int32) $Proxy.name("unordered_set_int");
  # An unordered set.

  mapStringInt @6 :List(PairTextInt32) $Proxy.name("map_string_int");
  # A map.
}

struct PairTextInt32 {
  key @0 :Text;
  value @1 :Int32;
}

struct FooCustom $Proxy.wrap("mp::test::FooCustom") {
  # What travels.

  v1 @0 :Text;
  v2 @1 :Int32;
}

struct FooEmpty $Proxy.wrap("mp::test::FooEmpty") {
  # A struct with nothing in it.
}

struct FooMessage {
  # What travels.

  message @0 :Text;
}

struct FooMutable {
  # What travels.

  message @0 :Text;
}
