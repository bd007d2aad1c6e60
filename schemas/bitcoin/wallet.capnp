# Written by mpgen from the Rust source; change that one instead.

@0xe234cce74feea00c;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ipc::capnp::messages");

using Proxy = import "/mp/proxy.capnp";
using Chain = import "chain.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";

interface WalletLoader extends(Chain.ChainClient) $Proxy.wrap("interfaces::WalletLoader") {
  # The wallets of a process: making, loading and finding them.

  createWallet @0 (context :Proxy.Context, name :Text, passphrase :Text, flags :UInt64) -> (warning :List(Common.BilingualStr), result :Common.Result(Wallet));
  # Makes a wallet, encrypted unless the passphrase is empty. The flags are bits of Core's
  # `WalletFlags`.

  loadWallet @1 (context :Proxy.Context, name :Text) -> (warning :List(Common.BilingualStr), result :Common.Result(Wallet));
  # Loads a wallet.

  getWalletDir @2 (context :Proxy.Context) -> (result :Text);
  # The folder of all wallets.

  restoreWallet @3 (context :Proxy.Context, backupFile :Data, name :Text, loadAfterRestore :Bool) -> (warning :List(Common.BilingualStr), result :Common.Result(Wallet));
  # Makes a wallet of a backup, and loads it if that is wanted.

  migrateWallet @4 (context :Proxy.Context, name :Text, passphrase :Text) -> (result :Common.Result(WalletMigrationResult));
  # Turns a wallet of the old kind into one with descriptors. The passphrase is empty for one that
  # is not encrypted.

  isEncrypted @5 (context :Proxy.Context, name :Text) -> (result :Bool);
  # Whether a wallet of the folder is encrypted.

  listWalletDir @6 (context :Proxy.Context) -> (result :List(Common.Pair(Text, Text)));
  # The wallets of the folder: the name of each, and the format of its file.

  getWallets @7 (context :Proxy.Context) -> (result :List(Wallet));
  # The wallets that are loaded.

  handleLoadWallet @8 (context :Proxy.Context, callback :LoadWalletCallback) -> (result :Handler.Handler);
  # Tells when a wallet is loaded, until the handler is dropped.
}

interface Wallet $Proxy.wrap("interfaces::Wallet") {
  # What a wallet offers its GUI: keys, addresses, coins and transactions.
  # Each `handle_` method calls back until its handler is dropped.

  destroy @0 (context :Proxy.Context) -> ();
  encryptWallet @1 (context :Proxy.Context, walletPassphrase :Data) -> (result :Bool);
  # Encrypts the wallet, which is locked then. Gives false if that did not work.

  isCrypted @2 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet is encrypted.

  lock @3 (context :Proxy.Context) -> (result :Bool);
  # Locks the wallet. Gives false for one that is not encrypted.

  unlock @4 (context :Proxy.Context, walletPassphrase :Data) -> (result :Bool);
  # Unlocks the wallet. Gives false for a wrong passphrase.

  isLocked @5 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet is locked.

  changeWalletPassphrase @6 (context :Proxy.Context, oldWalletPassphrase :Data, newWalletPassphrase :Data) -> (result :Bool);
  # Replaces the passphrase. Gives false if the old one is wrong.

  abortRescan @7 (context :Proxy.Context) -> ();
  # Stops a search of the chain for the wallet's transactions.

  backupWallet @8 (context :Proxy.Context, filename :Text) -> (result :Bool);
  # Copies the wallet to a file or into a folder. Gives false if that did not work.

  getWalletName @9 (context :Proxy.Context) -> (result :Text);
  # What the wallet is called.

  getNewDestination @10 (context :Proxy.Context, outputType :Int32, label :Text) -> (result :Common.Result(TxDestination));
  # A new address with a label.

  getPubKey @11 (context :Proxy.Context, script :Data, address :Data) -> (pubKey :Data, result :Bool);
  # The public key with this hash, if the wallet has it for this script.

  signMessage @12 (context :Proxy.Context, message :Text, pkhash :Data) -> (signature :Text, result :Int32);
  # Signs a message with the key of an address, and gives the signature in base64.

  isSpendable @13 (context :Proxy.Context, dest :TxDestination) -> (result :Bool);
  # Whether coins of an address are the wallet's.

  setAddressBook @14 (context :Proxy.Context, dest :TxDestination, name :Text, purpose :Int32) -> (result :Bool);
  # Puts an address into the address book or changes its entry.

  delAddressBook @15 (context :Proxy.Context, dest :TxDestination) -> (result :Bool);
  # Takes an address out of the address book. Gives false if that did not work, as for an address
  # of the wallet's own.

  getAddress @16 (context :Proxy.Context, dest :TxDestination, wantName :Bool, wantPurpose :Bool) -> (name :Text, purpose :Int32, result :Bool);
  # The entry of an address in the address book, if there is one. What is not wanted has no
  # meaning in it.

  getAddresses @17 (context :Proxy.Context) -> (result :List(WalletAddress));
  # The address book.

  getAddressReceiveRequests @18 (context :Proxy.Context) -> (result :List(Data));
  # The payment requests that the wallet keeps for the GUI, in the GUI's own form.

  setAddressReceiveRequest @19 (context :Proxy.Context, dest :TxDestination, id :Data, value :Data) -> (result :Bool);
  # Keeps a payment request for an address; an empty one takes it out.

  displayAddress @20 (context :Proxy.Context, dest :TxDestination) -> (result :Common.ResultVoid);
  # Shows an address on the hardware wallet.

  lockCoin @21 (context :Proxy.Context, output :Data, writeToDb :Bool) -> (result :Bool);
  # Keeps a coin from being chosen, until the end of the process or, if it is written to the
  # wallet, until it is unlocked.

  unlockCoin @22 (context :Proxy.Context, output :Data) -> (result :Bool);
  # Lets a coin be chosen again.

  isLockedCoin @23 (context :Proxy.Context, output :Data) -> (result :Bool);
  # Whether a coin is kept from being chosen.

  listLockedCoins @24 (context :Proxy.Context) -> (outputs :List(Data));
  # The coins that are kept from being chosen.

  createTransaction @25 (context :Proxy.Context, recipients :List(Recipient), coinControl :CoinControl, sign :Bool, changePos :UInt32, hasChangePos :Bool) -> (result :Common.Result(CreatedTransactionResult));
  # Makes a transaction, signed if that is wanted. Its change is output `change_pos`, or any one.

  commitTransaction @26 (context :Proxy.Context, tx :Data, valueMap :List(Common.Pair(Text, Text)), orderForm :List(Common.Pair(Text, Text))) -> ();
  # Puts a transaction into the wallet and sends it, with texts and with notes in their order.

  transactionCanBeAbandoned @27 (context :Proxy.Context, txid :Data) -> (result :Bool);
  # Whether a transaction can be given up.

  abandonTransaction @28 (context :Proxy.Context, txid :Data) -> (result :Bool);
  # Gives a transaction up, so that its coins can be spent again.

  transactionCanBeBumped @29 (context :Proxy.Context, txid :Data) -> (result :Bool);
  # Whether a transaction can be replaced by one with a higher fee.

  createBumpTransaction @30 (context :Proxy.Context, txid :Data, coinControl :CoinControl) -> (errors :List(Common.BilingualStr), oldFee :Int64, newFee :Int64, mtx :Data, result :Bool);
  # Makes the replacement of a transaction, with a higher fee and without signatures.

  signBumpTransaction @31 (context :Proxy.Context, mtx :Data) -> (mtx :Data, result :Bool);
  # Signs such a replacement. `None` if that did not work.

  commitBumpTransaction @32 (context :Proxy.Context, txid :Data, mtx :Data) -> (errors :List(Common.BilingualStr), bumpedTxid :Data, result :Bool);
  # Puts such a replacement into the wallet, sends it and gives its id.

  getTx @33 (context :Proxy.Context, txid :Data) -> (result :Data);
  # A transaction of the wallet.

  getWalletTx @34 (context :Proxy.Context, txid :Data) -> (result :WalletTx);
  # A transaction of the wallet, and what it means to it; empty if the wallet does not have it.

  getWalletTxs @35 (context :Proxy.Context) -> (result :List(WalletTx));
  # All transactions of the wallet.

  tryGetTxStatus @36 (context :Proxy.Context, txid :Data) -> (txStatus :WalletTxStatus, numBlocks :Int32, blockTime :Int64, result :Bool);
  # How far a transaction is. `None` if the wallet does not have it, or is busy.

  getWalletTxDetails @37 (context :Proxy.Context, txid :Data) -> (txStatus :WalletTxStatus, orderForm :List(Common.Pair(Text, Text)), inMempool :Bool, numBlocks :Int32, result :WalletTx);
  # All about a transaction; empty if the wallet does not have it.

  getBalances @38 (context :Proxy.Context) -> (result :WalletBalances);
  # What the wallet has.

  fillPSBT @39 (context :Proxy.Context, options :Common.PSBTFillOptions, nSigned :UInt64, wantNSigned :Bool, psbtx :Data) -> (nSigned :UInt64, psbtx :Data, complete :Bool, result :Int32, hasResult :Bool);
  # Signs a PSBT and fills in what the wallet knows. `n_signed` means nothing; it has to be on the
  # wire because it also comes back.

  tryGetBalances @40 (context :Proxy.Context) -> (balances :WalletBalances, blockHash :Data, result :Bool);
  # What the wallet has, and the hash of the highest block that it knows. `None` if it is busy.

  getBalance @41 (context :Proxy.Context) -> (result :Int64);
  # The trusted coins.

  getAvailableBalance @42 (context :Proxy.Context, coinControl :CoinControl) -> (result :Int64);
  # The coins that may be chosen.

  txinIsMine @43 (context :Proxy.Context, txin :Data) -> (result :Bool);
  # Whether an input spends the wallet's coins. Its witness does not travel.

  txoutIsMine @44 (context :Proxy.Context, txout :Data) -> (result :Bool);
  # Whether an output is the wallet's.

  getDebit @45 (context :Proxy.Context, txin :Data) -> (result :Int64);
  # How much of the wallet's coins an input spends. Its witness does not travel.

  getCredit @46 (context :Proxy.Context, txout :Data) -> (result :Int64);
  # How much an output pays the wallet.

  listCoins @47 (context :Proxy.Context) -> (result :List(Common.Pair(TxDestination, List(Common.Pair(Data, WalletTxOut)))));
  # The coins of each address, with those of its change.

  getCoins @48 (context :Proxy.Context, outputs :List(Data)) -> (result :List(WalletTxOut));
  # These outputs, in their order.

  getRequiredFee @49 (context :Proxy.Context, txBytes :UInt32) -> (result :Int64);
  # The lowest fee that the wallet and the node allow for so many virtual bytes.

  getMinimumFee @50 (context :Proxy.Context, txBytes :UInt32, coinControl :CoinControl, wantReturnedTarget :Bool, wantReason :Bool) -> (returnedTarget :Int32, reason :Int32, result :Int64);
  # The fee for so many virtual bytes, with what decided it. What is not wanted has no meaning.

  getConfirmTarget @51 (context :Proxy.Context) -> (result :UInt32);
  # How many blocks confirmation may take, unless told otherwise.

  hdEnabled @52 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet's keys come from a seed (BIP 32).

  canGetAddresses @53 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet can give new addresses.

  privateKeysDisabled @54 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet never holds private keys.

  taprootEnabled @55 (context :Proxy.Context) -> (result :Bool);
  # Whether the wallet can give P2TR addresses.

  hasExternalSigner @56 (context :Proxy.Context) -> (result :Bool);
  # Whether the keys are in a hardware wallet.

  getDefaultAddressType @57 (context :Proxy.Context) -> (result :Int32);
  # The kind of address to give, unless told otherwise.

  getDefaultMaxTxFee @58 (context :Proxy.Context) -> (result :Int64);
  # The highest fee that the wallet pays.

  remove @59 (context :Proxy.Context) -> ();
  # Unloads the wallet. Its file stays.

  handleUnload @60 (context :Proxy.Context, callback :UnloadWalletCallback) -> (result :Handler.Handler);
  # Tells when the wallet is about to be unloaded.

  handleShowProgress @61 (context :Proxy.Context, callback :ShowWalletProgressCallback) -> (result :Handler.Handler);
  # Tells how far something is.

  handleStatusChanged @62 (context :Proxy.Context, callback :StatusChangedCallback) -> (result :Handler.Handler);
  # Tells when the wallet is encrypted, locked or unlocked.

  handleAddressBookChanged @63 (context :Proxy.Context, callback :AddressBookChangedCallback) -> (result :Handler.Handler);
  # Tells of changes in the address book.

  handleTransactionChanged @64 (context :Proxy.Context, callback :TransactionChangedCallback) -> (result :Handler.Handler);
  # Tells of changes of transactions.

  handleCanGetAddressesChanged @65 (context :Proxy.Context, callback :CanGetAddressesChangedCallback) -> (result :Handler.Handler);
  # Tells when the wallet may have begun or ceased to give addresses.
}

interface UnloadWalletCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::UnloadFn>") {
  # Hears that a wallet is about to be unloaded. See [`UnloadWalletFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # Whoever holds the wallet has to let go of it.
}

interface ShowWalletProgressCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::ShowProgressFn>") {
  # Hears how far something is. See [`ShowWalletProgressFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, title :Text, progress :Int32) -> ();
  # Shows it, in hundredths; 100 is the end.
}

interface StatusChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::StatusChangedFn>") {
  # Hears that a wallet was encrypted, locked or unlocked. See [`StatusChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # One of these happened.
}

interface AddressBookChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::AddressBookChangedFn>") {
  # Hears of a change in the address book. See [`AddressBookChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, address :TxDestination, label :Text, isMine :Bool, purpose :Int32, status :Int32) -> ();
  # An entry is new, changed or gone.
}

interface TransactionChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::TransactionChangedFn>") {
  # Hears of a change of a transaction. See [`TransactionChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, txid :Data, status :Int32) -> ();
  # A transaction is new, changed or gone.
}

interface CanGetAddressesChangedCallback $Proxy.wrap("ProxyCallback<interfaces::Wallet::CanGetAddressesChangedFn>") {
  # Hears that a wallet may have begun or ceased to give addresses. See [`CanGetAddressesChangedFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context) -> ();
  # [`Wallet::can_get_addresses`](super::Wallet::can_get_addresses) may give something else.
}

interface LoadWalletCallback $Proxy.wrap("ProxyCallback<interfaces::WalletLoader::LoadWalletFn>") {
  # Hears of a wallet that was loaded. See [`LoadWalletFn`].

  destroy @0 (context :Proxy.Context) -> ();
  call @1 (context :Proxy.Context, wallet :Wallet) -> ();
  # The wallet is loaded, and the callee's to keep.
}

struct Key {
  # A private key (`CKey`). No method passes one.

  secret @0 :Data;
  # The 32 bytes.

  isCompressed @1 :Bool;
  # Whether its public key is written in 33 bytes.
}

struct TxDestination {
  # Where coins can go; exactly one field is set, or none for no destination.

  pubKey @0 :Data;
  pkHash @1 :Data;
  scriptHash @2 :Data;
  witnessV0ScriptHash @3 :Data;
  witnessV0KeyHash @4 :Data;
  witnessV1Taproot @5 :Data;
  witnessUnknown @6 :WitnessUnknown;
}

struct WitnessUnknown {
  # A witness program of a version without a meaning of its own.

  version @0 :UInt32;
  # The version, 1 to 16.

  program @1 :Data;
  # The program, 2 to 40 bytes.
}

struct WalletAddress $Proxy.wrap("interfaces::WalletAddress") {
  # An entry of the address book.

  dest @0 :TxDestination;
  # The address.

  isMine @1 :Bool $Proxy.name("is_mine");
  # Whether it is the wallet's own.

  name @2 :Text;
  # Its label.

  purpose @3 :Int32;
  # What it is for.
}

struct Recipient $Proxy.wrap("wallet::CRecipient") {
  # An output to make.

  dest @0 :TxDestination;
  # Where the coins go.

  amount @1 :Int64 $Proxy.name("nAmount");
  # How many.

  subtractFeeFromAmount @2 :Bool $Proxy.name("fSubtractFeeFromAmount");
  # Whether it pays a share of the fee.
}

struct CoinControl {
  # How to choose coins and fees. Core's own conversion has gaps: the presence of the fee rate
  # is in its pointer alone, and that of the last three numbers is never sent.

  destChange @0 :TxDestination;
  # Where change goes, if not to a new address.

  hasChangeType @1 :Bool;
  # Whether `change_type` is set.

  changeType @2 :Int32;
  # The kind of address for change.

  includeUnsafeInputs @3 :Bool;
  # Spend outputs of others' unconfirmed transactions.

  allowOtherInputs @4 :Bool;
  # Add inputs to those that are selected.

  allowWatchOnly @5 :Bool;
  # Spend watch-only coins. C++ has no such member any more.

  overrideFeeRate @6 :Bool;
  # Use the fee rate even below the minimum.

  hasFeeRate @7 :Bool;
  # Never set by Core; see `fee_rate`.

  feeRate @8 :Data;
  # The fee rate, if it is not to be estimated.

  hasConfirmTarget @9 :Bool;
  # Whether `confirm_target` is set.

  confirmTarget @10 :Int32;
  # How many blocks confirmation may take.

  hasSignalRbf @11 :Bool;
  # Whether `signal_rbf` is set.

  signalRbf @12 :Bool;
  # Let the transaction be replaced (BIP 125).

  avoidPartialSpends @13 :Bool;
  # Spend all coins of an address together.

  avoidAddressReuse @14 :Bool;
  # Do not spend coins of addresses that were spent from.

  feeMode @15 :Int32;
  # How careful a fee estimate is, as a number of [`FeeEstimateMode`](crate::types::FeeEstimateMode).

  minDepth @16 :Int32;
  # The fewest confirmations of a coin.

  maxDepth @17 :Int32;
  # The most confirmations of a coin. (Core fills it with the fewest.)

  hasLockTime @18 :UInt32;
  # Whether `lock_time` is set; never set by Core.

  lockTime @19 :UInt32;
  # The transaction's lock time.

  hasVersion @20 :UInt32;
  # Whether `version` is set; never set by Core.

  version @21 :UInt32;
  # The transaction's version.

  hasMaxTxWeight @22 :UInt32;
  # Whether `max_tx_weight` is set; never set by Core.

  maxTxWeight @23 :UInt32;
  # The most weight units that the transaction may have.

  setSelected @24 :List(Data);
  # The coins to spend.
}

struct CreatedTransactionResult $Proxy.wrap("wallet::CreatedTransactionResult") {
  # A transaction that was made.

  tx @0 :Data;
  # The transaction.

  fee @1 :Int64;
  # Its fee.

  feeCalc @2 :Common.FeeCalculation $Proxy.name("fee_calc");
  # How the fee was estimated.

  changePos @3 :UInt32 $Proxy.name("change_pos");
  # Which output is change.

  hasChangePos @4 :Bool $Proxy.name("hasChange_pos");
}

struct WalletTx $Proxy.wrap("interfaces::WalletTx") {
  # A transaction of the wallet.

  tx @0 :Data;
  # The transaction; none for an id that the wallet does not have.

  txinIsMine @1 :List(Bool) $Proxy.name("txin_is_mine");
  # Which inputs spend the wallet's coins.

  txoutIsMine @2 :List(Bool) $Proxy.name("txout_is_mine");
  # Which outputs are the wallet's.

  txoutIsChange @3 :List(Bool) $Proxy.name("txout_is_change");
  # Which outputs are change.

  txoutAddress @4 :List(TxDestination) $Proxy.name("txout_address");
  # Where the outputs go.

  txoutAddressIsMine @5 :List(Bool) $Proxy.name("txout_address_is_mine");
  # Which of these addresses are the wallet's.

  credit @6 :Int64;
  # What it pays the wallet.

  debit @7 :Int64;
  # What it takes from the wallet.

  change @8 :Int64;
  # What of it is change.

  time @9 :Int64;
  # When it was made or seen, in seconds since 1970.

  valueMap @10 :List(Common.Pair(Text, Text)) $Proxy.name("value_map");
  # Texts that the user gave it.

  isCoinbase @11 :Bool $Proxy.name("is_coinbase");
  # Whether it is a coinbase.
}

struct WalletTxStatus $Proxy.wrap("interfaces::WalletTxStatus") {
  # How far a transaction is.

  blockHeight @0 :Int32 $Proxy.name("block_height");
  # The height of its block; the largest number for none.

  blocksToMaturity @1 :Int32 $Proxy.name("blocks_to_maturity");
  # How many blocks until its coins may be spent.

  depthInMainChain @2 :Int32 $Proxy.name("depth_in_main_chain");
  # Its confirmations.

  timeReceived @3 :UInt32 $Proxy.name("time_received");
  # When it was seen, in seconds since 1970.

  lockTime @4 :UInt32 $Proxy.name("lock_time");
  # Its lock time.

  isTrusted @5 :Bool $Proxy.name("is_trusted");
  # Whether its coins count as the wallet's.

  isAbandoned @6 :Bool $Proxy.name("is_abandoned");
  # Whether the user has given it up.

  isCoinbase @7 :Bool $Proxy.name("is_coinbase");
  # Whether it is a coinbase.

  isInMainChain @8 :Bool $Proxy.name("is_in_main_chain");
  # Whether it is in a block of the active chain.
}

struct WalletBalances $Proxy.wrap("interfaces::WalletBalances") {
  # What a wallet has.

  balance @0 :Int64;
  # Trusted coins.

  unconfirmedBalance @1 :Int64 $Proxy.name("unconfirmed_balance");
  # Unconfirmed coins of others.

  immatureBalance @2 :Int64 $Proxy.name("immature_balance");
  # Coins of young coinbases.

  usedBalance @3 :Int64 $Proxy.name("used_balance");
  # Coins of addresses that were spent from, where the wallet avoids these.

  nonmempoolBalance @4 :Int64 $Proxy.name("nonmempool_balance");
  # Coins of transactions that are neither in a block nor in the mempool.
}

struct WalletTxOut $Proxy.wrap("interfaces::WalletTxOut") {
  # An output of the wallet.

  txout @0 :Data;
  # The output.

  time @1 :Int64;
  # When its transaction was made or seen, in seconds since 1970.

  depthInMainChain @2 :Int32 $Proxy.name("depth_in_main_chain");
  # Its confirmations; negative for a transaction that conflicts with a block, -1 for an output
  # that is not there.

  isSpent @3 :Bool $Proxy.name("is_spent");
  # Whether it is spent.
}

struct WalletMigrationResult $Proxy.wrap("interfaces::WalletMigrationResult") {
  # What came of migrating a wallet.

  wallet @0 :Wallet;
  # The wallet.

  watchonlyWalletName @1 :Text $Proxy.name("watchonly_wallet_name");
  # The name of the wallet that holds what was only watched, if there is one.

  solvablesWalletName @2 :Text $Proxy.name("solvables_wallet_name");
  # The name of the wallet that holds what could be solved but was not watched, if there is one.

  backupPath @3 :Text $Proxy.name("backup_path");
  # The backup that was made.
}
