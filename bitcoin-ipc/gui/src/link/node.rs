//! What the node tells.
//!
//! In: a node. Out: its callbacks as events. A question cannot be answered here: the answer is no, and the user is
//! told of it.

use std::sync::Arc;

use bitcoin_ipc::interfaces::{Handler, Node};
use bitcoin_ipc::types::SynchronizationState;
use mp_runtime::{ErrorKind, Result};

use super::Held;
use crate::engine::Event;
use crate::model::{Chain, Level};
use crate::text::words::say;

/// The bits of Bitcoin Core's `CClientUIInterface` that say how much a message matters.
const WARNING: u32 = 1 << 1;
const ERROR: u32 = 1 << 2;

fn level(style: u32) -> Level {
    match style {
        style if style & ERROR != 0 => Level::Error,
        style if style & WARNING != 0 => Level::Warning,
        _ => Level::Information,
    }
}

/// Has the node tell what happens, as long as the handlers are held.
pub(super) fn listen(held: &Arc<Held>, node: &dyn Node) -> Result<Vec<Box<dyn Handler>>> {
    let tell = || {
        // No handler keeps alive what holds it.
        let held = Arc::downgrade(held);
        move |event| {
            if let Some(held) = held.upgrade() {
                held.tell(event);
            }
            Ok(())
        }
    };
    let (tip, header, init, alert) = (tell(), tell(), tell(), tell());
    let (loading, progress, message, question) = (tell(), tell(), tell(), tell());
    let (connections, bans, network) = (tell(), tell(), tell());
    let mut told: Vec<Box<dyn Handler>> = vec![
        node.handle_notify_block_tip(Box::new(move |state, block, verified| {
            tip(Event::BlockTip(Chain {
                height: Some(block.block_height),
                time: block.block_time,
                header_height: block.block_height,
                progress: verified,
                initial_download: state != SynchronizationState::PostInit,
            }))
        }))?,
        node.handle_notify_header_tip(Box::new(move |_, block, _| {
            header(Event::HeaderTip(block.block_height))
        }))?,
        node.handle_init_wallet(Box::new(move || init(Event::InitWallet)))?,
        node.handle_notify_alert_changed(Box::new(move || alert(Event::Alert)))?,
        node.handle_init_message(Box::new(move |text| loading(Event::Loading(text.to_owned()))))?,
        node.handle_show_progress(Box::new(move |title, percent, _| {
            progress(Event::Progress(title.to_owned(), percent))
        }))?,
        node.handle_message_box(Box::new(move |text, style| {
            message(Event::Message(level(style), text.to_string())).map(|()| true)
        }))?,
        node.handle_question(Box::new(move |text, _, _| {
            let text = say!("The node asked: {text} It was answered with no.", text);
            question(Event::Message(Level::Warning, text)).map(|()| false)
        }))?,
    ];
    // A node that has no network need not tell of it.
    let of_network = [
        node.handle_notify_num_connections_changed(Box::new(move |_| connections(Event::PeersChanged))),
        node.handle_banned_list_changed(Box::new(move || bans(Event::PeersChanged))),
        node.handle_notify_network_active_changed(Box::new(move |_| network(Event::PeersChanged))),
    ];
    for handler in of_network {
        match handler {
            Err(error) if error.kind() == ErrorKind::Unimplemented => {}
            handler => told.push(handler?),
        }
    }
    Ok(told)
}

/// What is read from a node before its first callback.
pub(super) fn chain(node: &dyn Node) -> Result<Chain> {
    let header = node.get_header_tip()?;
    let height = node.get_num_blocks()?;
    Ok(Chain {
        height: Some(height),
        time: node.get_last_block_time()?,
        header_height: header.map_or(height, |header| header.height),
        progress: node.get_verification_progress()?,
        initial_download: node.is_initial_block_download()?,
    })
}
