# Written by mpgen from the Rust source; change that one instead.

@0xcd2c6232cb484a28;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";

struct Pair(Key, Value) {
  key @0 :Key;
  value @1 :Value;
}

struct PairInt64(Key) {
  key @0 :Key;
  value @1 :Int64;
}

struct ResultVoid(Value) {
  # `util::Result<void>`: a failure, if the error is there.

  error @0 :BilingualStr;
}

struct BilingualStr $Proxy.wrap("bilingual_str") {
  # A text in English and in the user's language.

  original @0 :Text;
  # In English.

  translated @1 :Text;
  # In the user's language.
}

struct FeeCalculation $Proxy.wrap("FeeCalculation") {
  # How a fee was estimated.

  est @0 :EstimationResult;
  # The buckets that decided.

  reason @1 :Int32;
  # What decided.

  desiredTarget @2 :Int32;
  # The number of blocks that was asked for.

  returnedTarget @3 :Int32;
  # The number of blocks that the estimate is for.

  bestHeight @4 :UInt32 $Proxy.name("best_height");
  # The height when the estimate was made.
}

struct EstimationResult $Proxy.wrap("EstimationResult") {
  # The buckets of fee rates between which an estimate lies.

  pass @0 :EstimatorBucket;
  # The lowest that passed.

  fail @1 :EstimatorBucket;
  # The highest that failed.

  decay @2 :Float64;
  # How much less each block counts than the one after it.

  scale @3 :UInt32;
  # Blocks per period.
}

struct EstimatorBucket $Proxy.wrap("EstimatorBucket") {
  # A bucket of fee rates, with numbers of transactions that fade with time.

  start @0 :Float64;
  # The lowest rate, in satoshis for 1000 virtual bytes.

  end @1 :Float64;
  # The highest rate.

  withinTarget @2 :Float64;
  # Confirmed within the target.

  totalConfirmed @3 :Float64;
  # Confirmed at all.

  inMempool @4 :Float64;
  # Waiting longer than the target.

  leftMempool @5 :Float64;
  # Gone without confirmation.
}

struct BlockRef $Proxy.wrap("interfaces::BlockRef") {
  # A block's hash and height.

  hash @0 :Data;
  # Its hash.

  height @1 :Int32;
  # How many blocks are below it.
}

struct GlobalArgs {
  # The settings that a child process takes over from its parent.

  settings @0 :Settings;
  # The settings.

  configPath @1 :Text;
  # The configuration file.
}

struct Settings $Proxy.wrap("common::Settings") {
  # All settings of a process, as JSON values.

  forcedSettings @0 :List(Pair(Text, Text)) $Proxy.name("forced_settings");
  # Those that the program forces.

  commandLineOptions @1 :List(Pair(Text, List(Text))) $Proxy.name("command_line_options");
  # Those of the command line.

  rwSettings @2 :List(Pair(Text, Text)) $Proxy.name("rw_settings");
  # Those of the settings file, which programs write.

  roConfig @3 :List(Pair(Text, List(Pair(Text, List(Text))))) $Proxy.name("ro_config");
  # Those of the configuration file, by section.
}

struct PairUInt64(Key) {
  key @0 :Key;
  value @1 :UInt64;
}

struct Expected(Value, Error) {
  # `util::Expected`: a value, or an error of another type.

  union {
    value @0 :Value;
    # It went well.

    error @1 :Error;
    # It did not.
  }
}

struct Result(Value) {
  # `util::Result`: a failure if the error is there, otherwise a value.

  value @0 :Value;
  error @1 :BilingualStr;
}

struct PSBTFillOptions $Proxy.wrap("common::PSBTFillOptions") {
  # What to do with a PSBT.

  sign @0 :Bool = true;
  # Sign it.

  sighashType @1 :Int32 $Proxy.name("sighash_type");
  # The sighash type, if not each input's own or the default one.

  hasSighashType @2 :Bool $Proxy.name("hasSighash_type");
  finalize @3 :Bool = true;
  # Finalize inputs that have all signatures.

  bip32Derivs @4 :Bool $Proxy.name("bip32_derivs");
  # Add the BIP 32 paths of known keys.
}
