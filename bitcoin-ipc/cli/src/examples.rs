//! Examples of the command line.
//!
//! In: nothing. Out: what `--help` prints behind the options.

pub(crate) const ALL: &str = "\
Examples:
  bitcoin-ipc info                                  the node of this user, on the main chain
  bitcoin-ipc --signet tip --watch                  each new block
  bitcoin-ipc --connect unix:/run/node.sock info    a node that listens elsewhere
  bitcoin-ipc --json template | jq .fees            one JSON object per line, for scripts
  bitcoin-ipc serve                                 no node needed: one in memory, for --regtest

The node must be a bitcoin-node (bitcoind has no IPC) and listen: bitcoin-node -ipcbind=unix

Exit codes:
  0    all is well
  1    it could not be done; stderr says why, and what to do
  2    wrong usage
  130  Ctrl-C";

pub(crate) const TIP: &str = "\
Examples:
  bitcoin-ipc tip
  bitcoin-ipc --json tip --watch | while read -r tip; do echo \"$tip\"; done";

pub(crate) const TEMPLATE: &str = "\
Examples:
  bitcoin-ipc template
  bitcoin-ipc template --watch --fee-threshold 10000    another one for 10000 sat more in fees";

pub(crate) const MINE: &str = "\
Examples:
  bitcoin-ipc --regtest mine 101
  bitcoin-ipc --regtest mine 1 --address bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";

pub(crate) const TX: &str = "\
Examples:
  bitcoin-ipc tx 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
  bitcoin-ipc --json tx --witness 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

pub(crate) const RPC: &str = "\
Options stand before the method, and are bitcoin-cli's: -named, -rpcwallet, -rpcwait, -stdin and
others, which `bitcoin-ipc rpc -help` lists. So are results, errors and exit codes. Passphrases and
keys need not stand on the command line, where others see them: the last examples ask for them.

Examples:
  bitcoin-ipc rpc getblockcount
  bitcoin-ipc rpc getblock 000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f 1
  bitcoin-ipc rpc -named getblockhash height=0
  bitcoin-ipc rpc -rpcwallet=savings getbalance
  bitcoin-ipc rpc -rpcwait -getinfo
  bitcoin-ipc rpc -rpcwallet=savings -stdinwalletpassphrase walletpassphrase 60
  bitcoin-ipc rpc -rpcwallet=savings -stdin encryptwallet";

pub(crate) const TOP: &str = "\
Shows the calls of a process that serves a monitor: `bitcoin-ipc serve`, or a program of yours that calls
`bitcoin_ipc::monitor::serve_monitor`. A bitcoin-node has none.

Examples:
  bitcoin-ipc --regtest top
  bitcoin-ipc top --socket /run/pool/monitor.sock
  bitcoin-ipc --json top --once --socket /run/pool/monitor.sock";

pub(crate) const COMBINE_LOGS: &str = "\
Examples:
  bitcoin-ipc combine-logs debug.log debug.log.wallet
  bitcoin-ipc combine-logs --pair node=a/debug.log wallet=b/debug.log.wallet
  bitcoin-ipc combine-logs --follow Chain.broadcastTransaction#1 debug.log debug.log.wallet
  bitcoin-ipc combine-logs --follow Rpc.executeRpc#3 debug.log debug.log.wallet

The last shows all that the third request of a user caused; with -debug=rpc the node logs its command.";

pub(crate) const SERVE: &str = "\
The node has a chain like regtest's, a mempool with invented transactions, and a monitor for `top` beside
its socket, in monitor.sock. Nothing is kept when it ends.

Examples:
  bitcoin-ipc serve --blocks 100 --every 10
  bitcoin-ipc serve --socket /tmp/n.sock --release v30
  bitcoin-ipc --connect unix:/tmp/n.sock info";
