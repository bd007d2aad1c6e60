//! The fields of answers, as another project lists them: `corepc-types`, by release of Bitcoin Core.
//!
//! In: answers. Out: what does not read as the type of its method, which knows all its fields.

use corepc_types::v31 as of;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::plain::Plain;

/// Reads an answer as a type.
type Read = fn(&Value) -> Result<(), serde::de::value::Error>;

fn read<T: DeserializeOwned>(answer: &Value) -> Result<(), serde::de::value::Error> {
    T::deserialize(Plain(answer)).map(drop)
}

/// Fields that the types do not have, by method: they came after that release, but for some that the
/// types forgot. They are left out before an answer is read.
const NEW: &[(&str, &[&str])] = &[
    ("*", &["alternate_wtxids", "vsize_adjusted", "vsize_bip141"]),
    ("getbalances", &["nonmempool"]),
    ("logging", &["node", "wallet"]),
    ("getnetworkinfo", &["tx_send_rate", "inv_buckets"]),
    ("testmempoolaccept", &["package-error"]),
    // Forgotten; they are as old as their methods.
    ("signrawtransactionwithkey", &["witness"]),
    ("signrawtransactionwithwallet", &["witness"]),
    ("validateaddress", &["error", "error_locations"]),
    ("getrawtransaction", &["fee"]),
    ("listunspent", &["ancestorcount", "ancestorsize", "ancestorfees", "reused"]),
    ("signrawtransactionwithwallet", &["witness"]),
    // The type has the wrong name, `spend_vout`.
    ("getdescriptoractivity", &["spend_vin"]),
    // The type takes it for a text; it is what `decoderawtransaction` gives.
    ("gettransaction", &["decoded"]),
];

/// Fields that the types want and Bitcoin Core no longer gives: method, a field of the object in which it was, its
/// name, and a value of its type.
const GONE: &[(&str, &str, &str, &str)] = &[
    ("getmempoolinfo", "maxmempool", "fullrbf", "true"),
    ("logging", "ipc", "libevent", "false"),
    ("listsinceblock", "lastblock", "removed", "[]"),
    // Left out if the package was refused as a whole.
    ("testmempoolaccept", "txid", "allowed", "false"),
    ("getdescriptoractivity", "spend_txid", "spend_vout", "0"),
    ("gettransaction", "walletconflicts", "bip125-replaceable", "\"yes\""),
    ("listtransactions", "walletconflicts", "bip125-replaceable", "\"yes\""),
    ("listsinceblock", "walletconflicts", "bip125-replaceable", "\"yes\""),
    ("*", "unbroadcast", "bip125-replaceable", "true"),
];

/// Whether an answer reads as the type of its method.
pub(crate) fn check(method: &str, answer: &Value) -> Result<(), String> {
    let mut answer = answer.clone();
    change(method, &mut answer);
    let mut faults = Vec::new();
    for read in types(method, &answer) {
        match read(&answer) {
            Ok(()) => return Ok(()),
            Err(error) => faults.push(error.to_string()),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// Gives objects the fields that the types know, wherever they are.
fn change(method: &str, value: &mut Value) {
    let is_of = |of: &str| of == "*" || of == method;
    match value {
        Value::Object(object) => {
            let new = |name: &str| NEW.iter().any(|(of, fields)| is_of(of) && fields.contains(&name));
            object.retain(|name, _| !new(name));
            for (_, beside, name, value) in GONE.iter().filter(|(of, ..)| is_of(of)) {
                if object.contains_key(*beside) && !object.contains_key(*name) {
                    object.insert((*name).to_owned(), value.parse().unwrap_or_default());
                }
            }
            object.values_mut().for_each(|value| change(method, value));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| change(method, value)),
        _ => {}
    }
}

/// What an answer may be. Which of them it is depends on the parameters.
fn types(method: &str, answer: &Value) -> &'static [Read] {
    match (method, answer) {
        (_, Value::Null) => &[],
        ("getblockchaininfo", _) => &[read::<of::GetBlockchainInfo>],
        ("getblock", Value::Object(_)) => &[
            read::<of::GetBlockVerboseOne>,
            read::<of::GetBlockVerboseTwo>,
            read::<of::GetBlockVerboseThree>,
        ],
        ("getblockheader", Value::Object(_)) => &[read::<of::GetBlockHeaderVerbose>],
        ("getblockfilter", _) => &[read::<of::GetBlockFilter>],
        ("getblockstats", _) => &[read::<of::GetBlockStats>],
        ("getchainstates", _) => &[read::<of::GetChainStates>],
        ("getchaintips", _) => &[read::<of::GetChainTips>],
        ("getchaintxstats", _) => &[read::<of::GetChainTxStats>],
        ("getdeploymentinfo", _) => &[read::<of::GetDeploymentInfo>],
        ("getdescriptoractivity", _) => &[read::<of::GetDescriptorActivity>],
        ("getmempoolancestors", Value::Object(_)) => &[read::<of::GetMempoolAncestorsVerbose>],
        ("getmempooldescendants", Value::Object(_)) => &[read::<of::GetMempoolDescendantsVerbose>],
        ("getmempoolcluster", _) => &[read::<of::GetMempoolCluster>],
        ("getmempoolentry", _) => &[read::<of::GetMempoolEntry>],
        ("getmempoolfeeratediagram", _) => &[read::<of::GetMempoolFeerateDiagram>],
        ("getmempoolinfo", _) => &[read::<of::GetMempoolInfo>],
        ("getrawmempool", Value::Object(_)) => {
            &[read::<of::GetRawMempoolSequence>, read::<of::GetRawMempoolVerbose>]
        }
        ("getrawmempool", _) => &[read::<of::GetRawMempool>],
        ("gettxout", _) => &[read::<of::GetTxOut>],
        ("gettxoutsetinfo", _) => &[read::<of::GetTxOutSetInfo>],
        ("gettxspendingprevout", _) => &[read::<of::GetTxSpendingPrevout>],
        ("savemempool", _) => &[read::<of::SaveMempool>],
        ("scanblocks", Value::Object(_)) => &[read::<of::ScanBlocksStart>, read::<of::ScanBlocksStatus>],
        ("scantxoutset", Value::Object(_)) => {
            &[read::<of::ScanTxOutSetStart>, read::<of::ScanTxOutSetStatus>]
        }
        ("waitforblock" | "waitforblockheight" | "waitfornewblock", _) => &[read::<of::WaitForBlock>],
        ("getmemoryinfo", Value::Object(_)) => &[read::<of::GetMemoryInfoStats>],
        ("getrpcinfo", _) => &[read::<of::GetRpcInfo>],
        ("logging", _) => &[read::<of::Logging>],
        ("getblocktemplate", Value::Object(_)) => &[read::<of::GetBlockTemplate>],
        ("getmininginfo", _) => &[read::<of::GetMiningInfo>],
        ("getprioritisedtransactions", _) => &[read::<of::GetPrioritisedTransactions>],
        ("generateblock", _) => &[read::<of::GenerateBlock>],
        ("getaddednodeinfo", _) => &[read::<of::GetAddedNodeInfo>],
        ("getaddrmaninfo", _) => &[read::<of::GetAddrManInfo>],
        ("getnettotals", _) => &[read::<of::GetNetTotals>],
        ("getnetworkinfo", _) => &[read::<of::GetNetworkInfo>],
        ("getnodeaddresses", _) => &[read::<of::GetNodeAddresses>],
        ("getpeerinfo", _) => &[read::<of::GetPeerInfo>],
        ("listbanned", _) => &[read::<of::ListBanned>],
        ("getorphantxs", _) => &[
            read::<of::GetOrphanTxs>,
            read::<of::GetOrphanTxsVerboseOne>,
            read::<of::GetOrphanTxsVerboseTwo>,
        ],
        ("abortprivatebroadcast", _) => &[read::<of::AbortPrivateBroadcast>],
        ("getprivatebroadcastinfo", _) => &[read::<of::GetPrivateBroadcastInfo>],
        ("analyzepsbt", _) => &[read::<of::AnalyzePsbt>],
        // Those of version 2 came after that release.
        ("decodepsbt", _) if answer["psbt_version"] == 0 => &[read::<of::DecodePsbt>],
        ("decoderawtransaction", _) => &[read::<of::DecodeRawTransaction>],
        ("decodescript", _) => &[read::<of::DecodeScript>],
        ("descriptorprocesspsbt", _) => &[read::<of::DescriptorProcessPsbt>],
        ("finalizepsbt", _) => &[read::<of::FinalizePsbt>],
        ("fundrawtransaction", _) => &[read::<of::FundRawTransaction>],
        ("getrawtransaction", Value::Object(_)) => {
            &[read::<of::GetRawTransactionVerbose>, read::<of::GetRawTransactionVerboseWithPrevout>]
        }
        ("signrawtransactionwithkey" | "signrawtransactionwithwallet", _) => {
            &[read::<of::SignRawTransaction>]
        }
        ("submitpackage", _) => &[read::<of::SubmitPackage>],
        ("testmempoolaccept", _) => &[read::<of::TestMempoolAccept>],
        ("enumeratesigners", _) => &[read::<of::EnumerateSigners>],
        ("createmultisig", _) => &[read::<of::CreateMultisig>],
        ("deriveaddresses", _) => &[read::<of::DeriveAddresses>, read::<of::DeriveAddressesMultipath>],
        ("estimatesmartfee", _) => &[read::<of::EstimateSmartFee>],
        ("estimaterawfee", _) => &[read::<of::EstimateRawFee>],
        ("getdescriptorinfo", _) => &[read::<of::GetDescriptorInfo>],
        ("getindexinfo", _) => &[read::<of::GetIndexInfo>],
        ("validateaddress", _) if answer["isvalid"] == true => &[read::<of::ValidateAddress>],
        ("bumpfee", _) => &[read::<of::BumpFee>],
        ("psbtbumpfee", _) => &[read::<of::PsbtBumpFee>],
        ("createwallet", _) => &[read::<of::CreateWallet>],
        ("loadwallet", _) => &[read::<of::LoadWallet>],
        ("unloadwallet", _) => &[read::<of::UnloadWallet>],
        ("restorewallet", _) => &[read::<of::RestoreWallet>],
        ("createwalletdescriptor", _) => &[read::<of::CreateWalletDescriptor>],
        ("getaddressesbylabel", _) => &[read::<of::GetAddressesByLabel>],
        ("getaddressinfo", _) => &[read::<of::GetAddressInfo>],
        ("getbalances", _) => &[read::<of::GetBalances>],
        ("gethdkeys", _) => &[read::<of::GetHdKeys>],
        ("gettransaction", _) => &[read::<of::GetTransaction>],
        ("getwalletinfo", _) => &[read::<of::GetWalletInfo>],
        ("importdescriptors", _) => &[read::<of::ImportDescriptors>],
        ("listaddressgroupings", _) => &[read::<of::ListAddressGroupings>],
        ("listdescriptors", _) => &[read::<of::ListDescriptors>],
        ("listlabels", _) => &[read::<of::ListLabels>],
        ("listlockunspent", _) => &[read::<of::ListLockUnspent>],
        ("listreceivedbyaddress", _) => &[read::<of::ListReceivedByAddress>],
        ("listreceivedbylabel", _) => &[read::<of::ListReceivedByLabel>],
        ("listsinceblock", _) => &[read::<of::ListSinceBlock>],
        ("listtransactions", _) => &[read::<of::ListTransactions>],
        ("listunspent", _) => &[read::<of::ListUnspent>],
        ("listwalletdir", _) => &[read::<of::ListWalletDir>],
        ("listwallets", _) => &[read::<of::ListWallets>],
        ("rescanblockchain", _) => &[read::<of::RescanBlockchain>],
        ("send", _) => &[read::<of::Send>],
        ("sendall", _) => &[read::<of::SendAll>],
        ("sendmany", Value::Object(_)) => &[read::<of::SendManyVerbose>],
        ("setwalletflag", _) => &[read::<of::SetWalletFlag>],
        ("simulaterawtransaction", _) => &[read::<of::SimulateRawTransaction>],
        ("walletcreatefundedpsbt", _) => &[read::<of::WalletCreateFundedPsbt>],
        ("walletprocesspsbt", _) => &[read::<of::WalletProcessPsbt>],
        ("dumptxoutset", _) => &[read::<of::DumpTxOutSet>],
        ("getbestblockhash", _) => &[read::<of::GetBestBlockHash>],
        ("getblockcount", _) => &[read::<of::GetBlockCount>],
        ("getblockhash", _) => &[read::<of::GetBlockHash>],
        ("getdifficulty", _) => &[read::<of::GetDifficulty>],
        ("verifychain", _) => &[read::<of::VerifyChain>],
        ("verifytxoutproof", _) => &[read::<of::VerifyTxOutProof>],
        ("getconnectioncount", _) => &[read::<of::GetConnectionCount>],
        ("setnetworkactive", _) => &[read::<of::SetNetworkActive>],
        ("combinepsbt", _) => &[read::<of::CombinePsbt>],
        ("combinerawtransaction", _) => &[read::<of::CombineRawTransaction>],
        ("converttopsbt", _) => &[read::<of::ConvertToPsbt>],
        ("createpsbt", _) => &[read::<of::CreatePsbt>],
        ("createrawtransaction", _) => &[read::<of::CreateRawTransaction>],
        ("joinpsbts", _) => &[read::<of::JoinPsbts>],
        ("sendrawtransaction", _) => &[read::<of::SendRawTransaction>],
        ("utxoupdatepsbt", _) => &[read::<of::UtxoUpdatePsbt>],
        ("signmessagewithprivkey", _) => &[read::<of::SignMessageWithPrivKey>],
        ("verifymessage", _) => &[read::<of::VerifyMessage>],
        ("abortrescan", _) => &[read::<of::AbortRescan>],
        ("getbalance", _) => &[read::<of::GetBalance>],
        ("getnewaddress", _) => &[read::<of::GetNewAddress>],
        ("getrawchangeaddress", _) => &[read::<of::GetRawChangeAddress>],
        ("getreceivedbyaddress", _) => &[read::<of::GetReceivedByAddress>],
        ("getreceivedbylabel", _) => &[read::<of::GetReceivedByLabel>],
        ("lockunspent", _) => &[read::<of::LockUnspent>],
        ("signmessage", _) => &[read::<of::SignMessage>],
        ("encryptwallet", _) => &[read::<of::EncryptWallet>],
        ("getrawtransaction", _) => &[read::<of::GetRawTransaction>],
        ("getblockheader", _) => &[read::<of::GetBlockHeader>],
        ("getblock", _) => &[read::<of::GetBlockVerboseZero>],
        ("sendmany", _) => &[read::<of::SendMany>],
        _ => &[],
    }
}
