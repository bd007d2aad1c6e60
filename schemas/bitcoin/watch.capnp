# Written by mpgen from the Rust source; change that one instead.

@0xa244513b1ec12005;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Chain = import "chain.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";
using Init = import "init.capnp";
using Wallet = import "wallet.capnp";

interface WatchingChain extends(Chain.Chain) {
  # What a node offers those of its wallets that say what they look for. Not an interface of Bitcoin
  # Core.

  watchScripts @0 (context :Proxy.Context, notifications :WatchedNotifications) -> (result :ScriptWatch);
  # Tells of blocks, and of the transactions that pay or spend a watched script, until the watch
  # is dropped. Some may still arrive then. At first no script is watched.
}

interface WatchedNotifications {
  # What a wallet hears of the chain, as far as it concerns the scripts that it watches. A
  # transaction concerns them when an output pays one or an input spends from one. Blocks that are
  # validated below a snapshot are not told. Methods that a wallet does not need do nothing.

  destroy @0 (context :Proxy.Context) -> ();
  transactionAdded @1 (context :Proxy.Context, tx :Data) -> ();
  # A transaction that concerns the scripts came into the mempool.

  transactionRemoved @2 (context :Proxy.Context, tx :Data, reason :Int32) -> ();
  # A transaction that was told as added left the mempool, other than for a block.

  blockConnected @3 (context :Proxy.Context, block :WatchedBlock) -> ();
  # The chain grew by a block. Every block is told, also without a transaction.

  blockDisconnected @4 (context :Proxy.Context, block :WatchedBlock) -> ();
  # The chain lost its highest block, to another branch. The transactions are those that concern
  # the scripts watched now.

  updatedBlockTip @5 (context :Proxy.Context) -> ();
  # The chain has another highest block.

  chainStateFlushed @6 (context :Proxy.Context, locator :Data) -> ();
  # The chain up to here is safely on disk.
}

interface ScriptWatch extends(Handler.Handler) {
  # The scripts that a wallet looks for. Dropping it ends the watch, and so does `disconnect`.

  addScripts @0 (context :Proxy.Context, scripts :List(Data)) -> (result :Common.BlockRef);
  # Watches these scripts too, and answers the last block that is told without them: transactions
  # of it and of those below are found by [`scan_blocks`](ScriptWatch::scan_blocks). `None` where
  # every block is told with them.
  # Beyond [`MAX_WATCHED_SCRIPTS`] or [`MAX_WATCHED_BYTES`] it is an error, and none is added.
  # There is no way to take scripts out but a new watch. Long lists go in pieces of some 100,000.

  requestMempoolTransactions @1 (context :Proxy.Context, notifications :WatchedNotifications) -> ();
  # Calls [`transaction_added`](WatchedNotifications::transaction_added) for every transaction of
  # the mempool that concerns the scripts, before it returns. Later removals of these are told to
  # the watch's own listener.

  scanBlocks @2 (context :Proxy.Context, start :Data, maxHeight :Int32, hasMaxHeight :Bool, maxBlocks :UInt32) -> (result :ScannedBlocks);
  # Looks through blocks of the chain from `start` on: at most `max_blocks`, at least one, none
  # above `max_height`, and fewer when [`SCAN_ANSWER_BYTES`] are reached. `None` when `start` is
  # not in the chain, or no longer: then scan from the highest block in common.
  # One call after the other goes through the chain, with time between them to show how far it is,
  # to add scripts, or to stop.
}

interface SplitInit extends(Init.Init) {
  # [`Init`] with the objects that Bitcoin Core does not have. To be served and asked instead of it;
  # peers that know only [`Init`] do not notice.

  makeWatchingChain @0 (context :Proxy.Context) -> (result :WatchingChain);
  # What a node offers its wallets, with a watch on their scripts.

  makeWatchingWalletLoader @1 (context :Proxy.Context, globalArgs :Common.GlobalArgs, chain :WatchingChain) -> (result :Wallet.WalletLoader);
  # A wallet process's wallets, which watch their scripts in `chain` as long as they live.

  offerWalletLoader @2 (context :Proxy.Context, loader :Wallet.WalletLoader) -> (result :Handler.Handler);
  # Gives a node the wallets of a process that has attached to it by itself, for its windows: they are the node's until
  # what this gives is dropped or its connection is gone. `None` if the node has wallets already.
}

struct WatchedBlock {
  # A block with the transactions of it that concern watched scripts.

  hash @0 :Data;
  # Its hash.

  prevHash @1 :Data;
  # The hash of the block below; none for the first.

  height @2 :Int32;
  # How many blocks are below it.

  time @3 :UInt32;
  # Its time, in seconds since 1970.

  maxTime @4 :UInt32;
  # The latest time of it and all blocks below, in seconds since 1970.

  transactions @5 :List(WatchedTransaction);
  # The transactions, as they follow each other in the block.
}

struct WatchedTransaction {
  # A transaction of a block.

  index @0 :UInt32;
  # How many transactions of the block come before it; 0 is the coinbase.

  tx @1 :Data;
  # The transaction.
}

struct ScannedBlocks {
  # What [`ScriptWatch::scan_blocks`] found.

  blocks @0 :List(WatchedBlock);
  # The blocks with transactions that concern the scripts, the lowest first.

  last @1 :Common.BlockRef;
  # The last block that was looked at; none when `start` is above `max_height`.

  unreadable @2 :Common.BlockRef;
  # The highest of these blocks that could not be read, as it is pruned or damaged.

  next @3 :Data;
  # The block to go on with; none when the chain or `max_height` ends here.
}
