# Written by mpgen from the Rust source; change that one instead.

@0x92546c47dc734b2e;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";
using Wallet = import "wallet.capnp";

interface ExternalSigner $Proxy.wrap("interfaces::ExternalSigner") {
  # A device that holds keys.

  destroy @0 (context :Proxy.Context) -> ();
  getName @1 (context :Proxy.Context) -> (result :Text);
  # What it is called.
}

interface Node $Proxy.wrap("interfaces::Node") {
  # What a node offers its GUI: starting and stopping it, its settings, its peers, its chain, RPC and
  # wallets.
  # Each `handle_` method calls back until its handler is dropped.

  destroy @0 (context :Proxy.Context) -> ();
  initLogging @1 (context :Proxy.Context) -> ();
  # Opens the log.

  initParameterInteraction @2 (context :Proxy.Context) -> ();
  # Lets settings change the defaults of others.

  getWarnings @3 (context :Proxy.Context) -> (result :Common.BilingualStr);
  # What the user should know of, such as a version for tests; empty for nothing.

  getLogCategories @4 (context :Proxy.Context) -> (result :UInt64);
  # What is logged: bits of Core's `BCLog::LogFlags`.

  getExitStatus @5 (context :Proxy.Context) -> (result :Int32);
  # What the process will exit with: 0 if nothing went wrong.

  baseInitialize @6 (context :Proxy.Context, globalArgs :Common.GlobalArgs) -> (error :Text $Proxy.exception("std::exception"), result :Bool);
  # Takes over the settings and prepares the start, without anything that takes long. Gives false
  # when the node cannot start, and an error's text when preparing it failed.

  appInitMain @7 (context :Proxy.Context) -> (tipInfo :BlockAndHeaderTipInfo, error :Text $Proxy.exception("std::exception"), result :Bool);
  # Starts the node, and gives the highest block and header. `None` when it cannot start; an
  # error's text when starting it failed.

  appShutdown @8 (context :Proxy.Context) -> ();
  # Ends all that the node does. Only then may the process end.

  startShutdown @9 (context :Proxy.Context) -> ();
  # Tells the node to shut down, and does not wait for it.

  shutdownRequested @10 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is to shut down.

  isSettingIgnored @11 (name :Text) -> (result :Bool);
  # Whether something stronger, such as the command line, hides a setting of the settings file.

  getPersistentSetting @12 (name :Text) -> (result :Text);
  # A setting as it is after the next start, without those of the command line; null where it is
  # not set.

  updateRwSetting @13 (name :Text, value :Text) -> ();
  # Writes a setting to the settings file; null takes it out.

  forceSetting @14 (name :Text, value :Text) -> ();
  # Sets a setting for this process, whatever else says; null undoes that.

  resetSettings @15 () -> ();
  # Takes everything out of the settings file and keeps a copy of it.

  mapPort @16 (context :Proxy.Context, useNatPnP :Bool) -> ();
  # Switches on or off that the router is asked to forward the node's port.

  getProxy @17 (context :Proxy.Context, net :Int32) -> (proxyInfo :ProxyInfo, result :Bool);
  # The proxy for a network, if there is one.

  getNodeCount @18 (context :Proxy.Context, flags :Int32) -> (result :UInt64);
  # How many peers there are.

  getNodesStats @19 (context :Proxy.Context) -> (stats :List(NodeStats), result :Bool);
  # All peers; `None` before the network is up.

  getBanned @20 (context :Proxy.Context) -> (banmap :Banmap, result :Bool);
  # Who is banned; `None` before the network is up.

  ban @21 (context :Proxy.Context, netAddr :Data, banTimeOffset :Int64) -> (result :Bool);
  # Bans an address for so many seconds from now, or for the usual time if they are not above 0.
  # Gives false before the network is up.

  unban @22 (context :Proxy.Context, ip :Data) -> (result :Bool);
  # Lifts a ban. Gives false if there was none.

  disconnectByAddress @23 (context :Proxy.Context, address :Data) -> (result :Bool);
  # Disconnects all peers of an address. Gives false if there was none.

  disconnectById @24 (context :Proxy.Context, id :Int64) -> (result :Bool);
  # Disconnects the peer with this number, [`NodeStats::nodeid`]. Gives false if there was none.

  listExternalSigners @25 (context :Proxy.Context) -> (result :List(ExternalSigner));
  # The hardware wallets that are plugged in.

  getTotalBytesRecv @26 (context :Proxy.Context) -> (result :Int64);
  # How many bytes all peers have sent.

  getTotalBytesSent @27 (context :Proxy.Context) -> (result :Int64);
  # How many bytes all peers were sent.

  getMempoolSize @28 (context :Proxy.Context) -> (result :UInt64);
  # How many transactions the mempool has.

  getMempoolDynamicUsage @29 (context :Proxy.Context) -> (result :UInt64);
  # How much memory the mempool uses, in bytes.

  getMempoolMaxUsage @30 (context :Proxy.Context) -> (result :UInt64);
  # How much memory the mempool may use, in bytes.

  getHeaderTip @31 (context :Proxy.Context) -> (height :Int32, blockTime :Int64, result :Bool);
  # The highest header; `None` before there is one.

  getNumBlocks @32 (context :Proxy.Context) -> (result :Int32);
  # The height of the highest block.

  getNetLocalAddresses @33 (context :Proxy.Context) -> (result :List(Common.Pair(Data, LocalServiceInfo)));
  # The node's own addresses.

  getBestBlockHash @34 (context :Proxy.Context) -> (result :Data);
  # The hash of the highest block.

  getLastBlockTime @35 (context :Proxy.Context) -> (result :Int64);
  # The time of the highest block, in seconds since 1970.

  getVerificationProgress @36 (context :Proxy.Context) -> (result :Float64);
  # Guesses how much of all transactions is verified, from 0 to 1.

  isInitialBlockDownload @37 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is still downloading the chain.

  isLoadingBlocks @38 (context :Proxy.Context) -> (result :Bool);
  # Whether the node is reading blocks from its own files.

  setNetworkActive @39 (context :Proxy.Context, active :Bool) -> ();
  # Switches the network on or off.

  getNetworkActive @40 (context :Proxy.Context) -> (result :Bool);
  # Whether the network is switched on.

  getDustRelayFee @41 (context :Proxy.Context) -> (result :Data);
  # The fee rate that decides which outputs are dust.

  executeRpc @42 (context :Proxy.Context, command :Text, params :Text, uri :Text) -> (error :Text $Proxy.exception("std::exception"), rpcError :Text $Proxy.exception("UniValue"), result :Text);
  # Runs an RPC method with parameters, a list or an object. The path says which wallet is meant,
  # as that of an HTTP request does.

  listRpcCommands @43 (context :Proxy.Context) -> (result :List(Text));
  # The names of all RPC methods.

  getUnspentOutput @44 (context :Proxy.Context, output :Data) -> (result :Data);
  # An output that is not spent.

  broadcastTransaction @45 (context :Proxy.Context, tx :Data, maxTxFee :Int64) -> (error :Text, result :Int32);
  # Sends a transaction, unless its fee is higher than `max_tx_fee`.

  customWalletLoader @46 (context :Proxy.Context) -> (result :Wallet.WalletLoader) $Proxy.name("walletLoader");
  # The node's wallets. A node without wallet support has none to give: Core aborts.

  handleInitMessage @47 (context :Proxy.Context, callback :InitMessageCallback) -> (result :Handler.Handler);
  # Tells what is being loaded.

  handleMessageBox @48 (context :Proxy.Context, callback :MessageBoxCallback) -> (result :Handler.Handler);
  # Passes messages for the user.

  handleQuestion @49 (context :Proxy.Context, callback :QuestionCallback) -> (result :Handler.Handler);
  # Passes questions for the user.

  handleShowProgress @50 (context :Proxy.Context, callback :ShowNodeProgressCallback) -> (result :Handler.Handler);
  # Tells how far something is.

  handleInitWallet @51 (context :Proxy.Context, callback :InitWalletCallback) -> (result :Handler.Handler);
  # Tells when wallets can be used.

  handleNotifyNumConnectionsChanged @52 (context :Proxy.Context, callback :NotifyNumConnectionsChangedCallback) -> (result :Handler.Handler);
  # Tells when there are more or fewer peers.

  handleNotifyNetworkActiveChanged @53 (context :Proxy.Context, callback :NotifyNetworkActiveChangedCallback) -> (result :Handler.Handler);
  # Tells when the network is switched on or off.

  handleNotifyAlertChanged @54 (context :Proxy.Context, callback :NotifyAlertChangedCallback) -> (result :Handler.Handler);
  # Tells when the warnings change.

  handleBannedListChanged @55 (context :Proxy.Context, callback :BannedListChangedCallback) -> (result :Handler.Handler);
  # Tells when the ban list changes.

  handleNotifyBlockTip @56 (context :Proxy.Context, callback :NotifyBlockTipCallback) -> (result :Handler.Handler);
  # Tells when there is another highest block.

  handleNotifyHeaderTip @57 (context :Proxy.Context, callback :NotifyHeaderTipCallback) -> (result :Handler.Handler);
  # Tells when there is another highest header.
}

interface InitMessageCallback $Proxy.wrap("ProxyCallback<interfaces::Node::InitMessageFn>") {
  # Hears what is being loaded. See [`InitMessageFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, message :Text) -> ();
  # Shows the message.
}

interface MessageBoxCallback $Proxy.wrap("ProxyCallback<interfaces::Node::MessageBoxFn>") {
  # Shows a message. See [`MessageBoxFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, message :Common.BilingualStr, style :UInt32) -> (result :Bool);
  # Shows it, and says whether the user agreed. The style is bits of `CClientUIInterface`.
}

interface QuestionCallback $Proxy.wrap("ProxyCallback<interfaces::Node::QuestionFn>") {
  # Asks a question. See [`QuestionFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, message :Common.BilingualStr, nonInteractiveMessage :Text, style :UInt32) -> (result :Bool);
  # Asks, and says whether the answer is yes. The style is bits of `CClientUIInterface`.
}

interface ShowNodeProgressCallback $Proxy.wrap("ProxyCallback<interfaces::Node::ShowProgressFn>") {
  # Hears how far something is. See [`ShowNodeProgressFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, title :Text, progress :Int32, resumePossible :Bool) -> ();
  # Shows it, in hundredths; 100 is the end.
}

interface InitWalletCallback $Proxy.wrap("ProxyCallback<interfaces::Node::InitWalletFn>") {
  # Hears that wallets can be used. See [`InitWalletFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # They can be used now.
}

interface NotifyNumConnectionsChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Node::NotifyNumConnectionsChangedFn>") {
  # Hears how many peers there are. See [`NotifyNumConnectionsChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, newNumConnections :Int32) -> ();
  # The number is another one.
}

interface NotifyNetworkActiveChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Node::NotifyNetworkActiveChangedFn>") {
  # Hears whether the network is switched on. See [`NotifyNetworkActiveChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, networkActive :Bool) -> ();
  # It was switched on or off.
}

interface NotifyAlertChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Node::NotifyAlertChangedFn>") {
  # Hears that the node's warnings changed. See [`NotifyAlertChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # [`Node::get_warnings`](super::Node::get_warnings) gives other ones.
}

interface BannedListChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Node::BannedListChangedFn>") {
  # Hears that the ban list changed. See [`BannedListChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # [`Node::get_banned`](super::Node::get_banned) gives another one.
}

interface NotifyBlockTipCallback $Proxy.wrap("ProxyCallback<interfaces::Node::NotifyBlockTipFn>") {
  # Hears of the highest block. See [`NotifyBlockTipFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, syncState :Int32, tip :BlockTip, verificationProgress :Float64) -> ();
  # There is another one.
}

interface NotifyHeaderTipCallback $Proxy.wrap("ProxyCallback<interfaces::Node::NotifyHeaderTipFn>") {
  # Hears of the highest header. See [`NotifyHeaderTipFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, syncState :Int32, tip :BlockTip, verificationProgress :Float64) -> ();
  # There is another one.
}

struct BlockAndHeaderTipInfo $Proxy.wrap("interfaces::BlockAndHeaderTipInfo") {
  # The highest block and the highest header.

  blockHeight @0 :Int32 $Proxy.name("block_height");
  # The block's height.

  blockTime @1 :Int64 $Proxy.name("block_time");
  # The block's time, in seconds since 1970.

  headerHeight @2 :Int32 $Proxy.name("header_height");
  # The header's height.

  headerTime @3 :Int64 $Proxy.name("header_time");
  # The header's time, in seconds since 1970.

  verificationProgress @4 :Float64 $Proxy.name("verification_progress");
  # How much of the chain is verified, from 0 to 1.
}

struct ProxyInfo $Proxy.wrap("::Proxy") {
  # A SOCKS5 proxy.

  proxy @0 :Data;
  # Where it is.

  torStreamIsolation @1 :Bool $Proxy.name("m_tor_stream_isolation");
  # Whether each connection has its own name and password, so that Tor gives it its own circuit.
}

struct NodeStats $Proxy.wrap("CNodeStats") {
  # A connection to a peer. Times and durations are counts of the unit that the node's version has
  # for them: seconds or microseconds before April 2026, nanoseconds since.

  nodeid @0 :Int64;
  # What the node calls it.

  lastSend @1 :Int64 $Proxy.name("m_last_send");
  # When something was last sent.

  lastRecv @2 :Int64 $Proxy.name("m_last_recv");
  # When something was last received.

  lastTXTime @3 :Int64 $Proxy.name("m_last_tx_time");
  # When it last sent a new transaction.

  lastBlockTime @4 :Int64 $Proxy.name("m_last_block_time");
  # When it last sent a new block.

  timeConnected @5 :Int64 $Proxy.name("m_connected");
  # When it was opened.

  addrName @6 :Text $Proxy.name("m_addr_name");
  # Its address as it was asked for.

  version @7 :Int32 $Proxy.name("nVersion");
  # The version of the protocol that it speaks.

  cleanSubVer @8 :Text;
  # The program that it says it is.

  inbound @9 :Bool $Proxy.name("fInbound");
  # Whether the peer opened the connection.

  bip152HighbandwidthTo @10 :Bool $Proxy.name("m_bip152_highbandwidth_to");
  # Whether the node asked it for compact blocks at once (BIP 152).

  bip152HighbandwidthFrom @11 :Bool $Proxy.name("m_bip152_highbandwidth_from");
  # Whether it asked the node for compact blocks at once.

  startingHeight @12 :Int32 $Proxy.name("m_starting_height");
  # The height of its chain when it connected.

  sendBytes @13 :UInt64 $Proxy.name("nSendBytes");
  # Bytes sent.

  sendBytesPerMsgType @14 :List(Common.PairUInt64(Text)) $Proxy.name("mapSendBytesPerMsgType");
  # Bytes sent, by type of message.

  recvBytes @15 :UInt64 $Proxy.name("nRecvBytes");
  # Bytes received.

  recvBytesPerMsgType @16 :List(Common.PairUInt64(Text)) $Proxy.name("mapRecvBytesPerMsgType");
  # Bytes received, by type of message.

  permissionFlags @17 :Int32 $Proxy.name("m_permission_flags");
  # What it may do: bits of `NetPermissionFlags`, of which the highest is the sign here.

  pingTime @18 :Int64 $Proxy.name("m_last_ping_time");
  # How long the last ping took.

  minPingTime @19 :Int64 $Proxy.name("m_min_ping_time");
  # How long the shortest ping took.

  addrLocal @20 :Text;
  # The node's address as the peer sees it.

  addr @21 :Data;
  # The peer's address.

  addrBind @22 :Data;
  # The node's own end of the connection.

  network @23 :Int32 $Proxy.name("m_network");
  # The network of the peer's address.

  mappedAs @24 :UInt32 $Proxy.name("m_mapped_as");
  # The autonomous system of the peer's address; 0 where it is not known.

  connType @25 :Int32 $Proxy.name("m_conn_type");
  # Why the connection was opened.

  transportType @26 :UInt8 $Proxy.name("m_transport_type;");
  # How it is spoken. (The stray semicolon in the C++ name is Core's.)

  sessionId @27 :Text $Proxy.name("m_session_id");
  # What both ends can compare to know that nobody is between them (BIP 324).

  stateStats @28 :NodeStateStats;
  # More, unless the node was busy.
}

struct NodeStateStats $Proxy.wrap("CNodeStateStats") {
  # What a node knows of a peer's chain and transactions.

  syncHeight @0 :Int32 $Proxy.name("nSyncHeight");
  # The highest header in common.

  commonHeight @1 :Int32 $Proxy.name("nCommonHeight");
  # The highest block in common.

  startingHeight @2 :Int32 $Proxy.name("m_starting_height");
  # The height of its chain when it connected.

  pingWait @3 :Int64 $Proxy.name("m_ping_wait");
  # How long a ping has been waited for.

  heightInFlight @4 :List(Int32) $Proxy.name("vHeightInFlight");
  # The heights of the blocks that it was asked for.

  relayTxs @5 :Bool $Proxy.name("m_relay_txs");
  # Whether it is sent transactions.

  invToSend @6 :Int32 $Proxy.name("m_inv_to_send");
  # How many transactions are waiting to be announced to it.

  lastInvSeq @7 :UInt64 $Proxy.name("m_last_inv_seq");
  # The mempool's number when the last ones were announced.

  feeFilterReceived @8 :Int64 $Proxy.name("m_fee_filter_received");
  # The lowest fee rate that it wants, in satoshis for 1000 virtual bytes.

  addressesProcessed @9 :UInt64 $Proxy.name("m_addr_processed");
  # How many addresses of it were taken in.

  addressesRateLimited @10 :UInt64 $Proxy.name("m_addr_rate_limited");
  # How many addresses of it were too many.

  addressRelayEnabled @11 :Bool $Proxy.name("m_addr_relay_enabled");
  # Whether addresses are exchanged with it.

  theirServices @12 :UInt64 $Proxy.name("their_services");
  # What it offers (`ServiceFlags`).

  presyncHeight @13 :Int64 $Proxy.name("presync_height");
  # The height of headers that are checked before they are kept; -1 for none.

  timeOffset @14 :Int64 $Proxy.name("time_offset");
  # How far its clock is ahead.
}

struct Banmap {
  # The ban list, as the JSON text of all of it.

  json @0 :Text;
}

struct LocalServiceInfo $Proxy.wrap("LocalServiceInfo") {
  # An address of the node's own.

  score @0 :Int32 $Proxy.name("nScore");
  # How sure the node is of it.

  port @1 :UInt16 $Proxy.name("nPort");
  # The port.
}

struct BlockTip $Proxy.wrap("interfaces::BlockTip") {
  # The highest block.

  blockHeight @0 :Int32 $Proxy.name("block_height");
  # Its height.

  blockTime @1 :Int64 $Proxy.name("block_time");
  # Its time, in seconds since 1970.

  blockHash @2 :Data $Proxy.name("block_hash");
  # Its hash.
}
