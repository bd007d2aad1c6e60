//! Chain, and what it tells: ChainNotifications.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bitcoin::block::{Header, Version};
use bitcoin::{Amount, Block, BlockHash, OutPoint, ScriptBuf, Transaction};
use bitcoin_ipc::interfaces::{ChainNotifications, Handler, RpcCommand};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockLocator, FoundBlockRequest, RpcOutcome, SettingsAction, TxBroadcast,
    WireFeeRate,
};
use serde_json::json;

use crate::setup::Setup;

/// Hears everything.
struct Listener;

impl ChainNotifications for Listener {}

pub(crate) fn hear(setup: &Setup) -> Box<dyn Handler> {
    setup.note(setup.chain.handle_notifications(Arc::new(Listener))).unwrap()
}

pub(crate) fn read(setup: &Setup) {
    let chain = &setup.chain;
    let tip = setup.tip();
    let height = setup.note(chain.get_height()).flatten().unwrap();
    assert_eq!(setup.note(chain.get_block_hash(height)), Some(tip));
    assert_eq!(setup.note(chain.have_block_on_disk(height)), Some(true));
    assert_eq!(setup.note(chain.find_locator_fork(&BlockLocator { hashes: vec![tip] })), Some(Some(height)));
    let basic = BlockFilterType::Basic;
    assert_eq!(setup.note(chain.has_block_filter_index(basic)), Some(true));
    let none = HashSet::new();
    assert_eq!(setup.note(chain.block_filter_matches_any(basic, tip, &none)), Some(Some(false)));
    let want = FoundBlockRequest { want_hash: true, want_data: true, ..FoundBlockRequest::default() };
    let found = setup.note(chain.find_block(tip, &want)).flatten().unwrap();
    let coinbase = found.data.unwrap().txdata.remove(0);
    assert!(setup.note(chain.find_first_block_with_time_and_height(0, 1, &want)).flatten().is_some());
    let below = setup.note(chain.find_ancestor_by_height(tip, 1, &want)).flatten().unwrap();
    let below = below.hash.unwrap();
    assert!(setup.note(chain.find_ancestor_by_hash(tip, below, &want)).flatten().is_some());
    assert!(setup.note(chain.find_common_ancestor(tip, below, &want, &want, &want)).unwrap().result);
    let output = OutPoint::new(coinbase.compute_txid(), 0);
    let mut coins = BTreeMap::from([(output, None)]);
    setup.note(chain.find_coins(&mut coins));
    assert!(coins[&output].is_some());
    setup.note(chain.guess_verification_progress(tip));
    assert_eq!(setup.note(chain.has_blocks(tip, 0, None)), Some(true));
    judge(setup, &coinbase, output);
    fees(setup);
    setup.note(chain.have_pruned());
    setup.note(chain.get_prune_height());
    setup.note(chain.is_ready_to_broadcast());
    setup.note(chain.is_initial_block_download());
    assert_eq!(setup.note(chain.shutdown_requested()), Some(false));
    setup.note(chain.has_assumed_valid_chain());
    setup.note(chain.wait_for_notifications_if_tip_changed(tip));
}

fn judge(setup: &Setup, coinbase: &Transaction, output: OutPoint) {
    let chain = &setup.chain;
    let txid = coinbase.compute_txid();
    setup.note(chain.is_rbf_opt_in(coinbase));
    assert_eq!(setup.note(chain.is_in_mempool(txid)), Some(false));
    setup.note(chain.has_descendants_in_mempool(txid));
    let sent = chain.broadcast_transaction(coinbase, Amount::ZERO, TxBroadcast::MempoolNoBroadcast);
    assert!(setup.note(sent).unwrap().is_err(), "it is in the chain already");
    setup.note(chain.get_transaction_ancestry(txid));
    let rate = WireFeeRate::from_sat_per_kvb(1000);
    setup.note(chain.calculate_individual_bump_fees(&[output], &rate));
    setup.note(chain.calculate_combined_bump_fee(&[output], &rate));
    setup.note(chain.get_package_limits());
    assert_eq!(setup.note(chain.check_chain_limits(coinbase)), Some(Ok(())));
}

fn fees(setup: &Setup) {
    let chain = &setup.chain;
    setup.note(chain.estimate_smart_fee(6, true, true));
    setup.note(chain.estimate_max_blocks());
    setup.note(chain.mempool_min_fee());
    setup.note(chain.relay_min_fee());
    setup.note(chain.relay_incremental_fee());
    setup.note(chain.relay_dust_fee());
}

pub(crate) fn settings_and_rpc(setup: &Setup) {
    let chain = &setup.chain;
    let text = BilingualStr::untranslated("a text");
    setup.note(chain.init_message("a text"));
    setup.note(chain.init_warning(&text));
    setup.note(chain.init_error(&text));
    setup.note(chain.show_progress("a text", 50, false));

    let command = RpcCommand {
        category: "test".to_owned(),
        name: "methods".to_owned(),
        actor: Box::new(|_, _, _| Ok(RpcOutcome::Answered { response: json!(7), handled: true })),
        arg_names: Vec::new(),
        unique_id: 1,
    };
    let handler = setup.note(chain.handle_rpc(command)).unwrap();
    assert_eq!(setup.rpc("methods", json!([])), json!(7));
    setup.note(handler.disconnect());
    setup.note(chain.rpc_enable_deprecated("methods"));

    assert_eq!(setup.note(chain.get_setting("regtest")), Some(json!("1")));
    setup.note(chain.get_settings_list("regtest"));
    let write = SettingsAction::Write;
    setup.note(chain.overwrite_rw_setting("par", &json!("1"), write));
    let update = chain.update_rw_setting(
        "par",
        Box::new(move |value| {
            *value = json!("2");
            Ok(Some(write))
        }),
    );
    assert_eq!(setup.note(update), Some(true));
    assert_eq!(setup.note(chain.get_rw_setting("par")), Some(json!("2")));
    setup.note(chain.delete_rw_settings("par", write));
}

/// Has the highest block give way to two others, so that it is disconnected.
pub(crate) fn reorganise(setup: &Setup) {
    let state = &setup.running().offer().state;
    let old = state.chain().block(setup.tip()).unwrap().unwrap();
    let mut parent = old.header.prev_blockhash;
    let height = state.chain().height(parent).unwrap();
    for above in 1..=2 {
        let block = empty_block(&old, parent, height + above);
        parent = block.block_hash();
        state.process_block(&block).unwrap();
    }
    assert_eq!(setup.tip(), parent, "the new branch is longer");
    setup.note(setup.chain.request_mempool_transactions(&Listener));
    setup.note(setup.chain.wait_for_notifications());
}

/// A block without transactions, in the manner of another one.
fn empty_block(like: &Block, parent: BlockHash, height: u32) -> Block {
    let mut coinbase = like.txdata[0].clone();
    coinbase.input[0].script_sig =
        bitcoin::script::Builder::new().push_int(height.into()).push_int(7).push_int(1000).into_script();
    coinbase.input[0].witness = bitcoin::Witness::new();
    coinbase.lock_time = bitcoin::absolute::LockTime::ZERO;
    coinbase.output.truncate(1);
    coinbase.output[0].value = Amount::from_int_btc(1);
    coinbase.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x51]);
    let header = Header {
        version: Version::from_consensus(0x2000_0000),
        prev_blockhash: parent,
        time: like.header.time + height % 1000 + 1,
        nonce: 0,
        ..like.header
    };
    let mut block = Block { header, txdata: vec![coinbase] };
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    block
}
