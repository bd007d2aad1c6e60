//! The callbacks of a node, each while it is registered and later.

use bitcoin_ipc::Error;
use bitcoin_ipc::interfaces::{
    BannedListChangedFn, InitMessageFn, InitWalletFn, MessageBoxFn, NotifyAlertChangedFn, NotifyBlockTipFn,
    NotifyHeaderTipFn, NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn, QuestionFn,
    ShowNodeProgressFn,
};
use bitcoin_ipc::types::{BlockTip, SynchronizationState};

use crate::ends::Ends;
use crate::peer::heard;
use crate::sample::{block_hash, text};

fn tip(number: u8) -> BlockTip {
    BlockTip {
        block_height: number.into(),
        block_time: 1_700_000_000 + i64::from(number),
        block_hash: block_hash(number),
    }
}

pub(crate) fn the_gui_hears_of_everything_until_it_stops(ends: &Ends) {
    use SynchronizationState::{InitDownload, InitReindex, PostInit};
    let (node, peer) = (ends.node(), &ends.peer);
    heard!(peer, node.handle_init_message(InitMessageFn), (message), (), ("Loading…"), ("Done"));
    heard!(
        peer,
        node.handle_message_box(MessageBoxFn),
        (message, style),
        true,
        (&text("full disk"), 1_u32 << 31),
        (&text("full moon"), 7)
    );
    heard!(
        peer,
        node.handle_question(QuestionFn),
        (message, log, style),
        true,
        (&text("reindex?"), "no reindex", 8),
        (&text("really?"), "no", u32::MAX)
    );
    heard!(
        peer,
        node.handle_show_progress(ShowNodeProgressFn),
        (title, progress, resume),
        (),
        ("Verifying…", 1, true),
        ("Verifying…", 100, false)
    );
    heard!(peer, node.handle_init_wallet(InitWalletFn), (), (), (), ());
    heard!(
        peer,
        node.handle_notify_num_connections_changed(NotifyNumConnectionsChangedFn),
        (number),
        (),
        (8),
        (-9)
    );
    heard!(
        peer,
        node.handle_notify_network_active_changed(NotifyNetworkActiveChangedFn),
        (active),
        (),
        (true),
        (false)
    );
    heard!(peer, node.handle_notify_alert_changed(NotifyAlertChangedFn), (), (), (), ());
    heard!(peer, node.handle_banned_list_changed(BannedListChangedFn), (), (), (), ());
    heard!(
        peer,
        node.handle_notify_block_tip(NotifyBlockTipFn),
        (state, tip, progress),
        (),
        (PostInit, tip(1), 0.25),
        (InitReindex, tip(2), 0.5)
    );
    heard!(
        peer,
        node.handle_notify_header_tip(NotifyHeaderTipFn),
        (state, tip, progress),
        (),
        (InitDownload, tip(3), 1.0),
        (PostInit, tip(4), 0.0)
    );
}

pub(crate) fn an_error_of_the_gui_arrives(ends: &Ends) {
    let node = ends.node();
    let callback: MessageBoxFn = Box::new(|message, style| match style {
        0 => Err(Error::failed(format!("nobody reads {message}"))),
        _ => Ok(style > 1),
    });
    let handler = node.handle_message_box(callback).expect("a handler");
    let callback = ends.peer.kept::<MessageBoxFn>("handle_message_box").expect("a callback");
    let error = callback(&text("this"), 0).expect_err("an error");
    assert!(error.text().contains("nobody reads THIS"), "{error}");
    assert_eq!(callback(&text("this"), 1), Ok(false));
    assert_eq!(callback(&text("this"), 2), Ok(true));
    drop(callback);
    // Without a word, as when the GUI's window closes.
    drop(handler);
    assert!(ends.peer.kept::<MessageBoxFn>("handle_message_box").is_none());
}
