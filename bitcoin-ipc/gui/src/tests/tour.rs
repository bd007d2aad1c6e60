//! Which methods the window calls: the tests of all that it does are run once more, and their calls are counted.

use std::collections::BTreeSet;
use std::path::Path;

use eframe::egui::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::{FakeWallet, World, count_calls, lock};
use super::{Gui, notices, pages, paying, peers, psbt, remedies, rich, secrets, settings, wallets};

#[test]
fn the_methods_that_the_window_calls_are_written_down() {
    let counts = count_calls();
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let (node, _connection) = world.connect();
    assert_eq!(crate::program::start_and_end(&*node), Ok(0));
    for part in [
        pages::a13_overview_shows_the_balances_and_the_latest_transactions,
        pages::a14_receive_has_an_address_and_its_qr_code_at_once,
        pages::a15_requests_are_kept_in_the_wallet_and_forgotten,
        pages::a20_coins_are_frozen_chosen_and_sent,
        pages::a24_messages_are_signed_and_verified,
        pages::a24_the_address_book_is_kept,
        pages::a26_the_console_runs_completes_and_does_not_wait,
        pages::fees_show_estimates_and_the_mempool,
        notices::what_comes_in_is_told_once_and_hidden_with_all_amounts,
        paying::a18_a_locked_wallet_is_unlocked_for_the_payment_alone,
        paying::a22_a_transaction_is_given_up_and_a_file_is_written,
        paying::a40_an_unknown_outcome_is_looked_up_and_never_repeated,
        peers::peers_are_disconnected_kept_away_and_let_in_again,
        psbt::a23_a_wallet_without_keys_makes_a_psbt_that_another_one_signs_and_sends,
        remedies::a21_a_fee_is_raised_by_a_rate_of_ones_own,
        remedies::a21_a_child_pays_for_what_came_in,
        secrets::a54_a_passphrase_is_seen_by_nobody,
        settings::a27_settings_are_kept_reset_and_say_who_counts,
        wallets::a25_wallets_are_made_opened_and_closed,
        wallets::a25_passphrases_are_changed_and_backups_made,
        wallets::a25_labels_and_what_watches_are_exported,
        restored,
        thawed,
        told_to_end,
    ] {
        part();
    }
    let found: BTreeSet<String> =
        counts.snapshot().iter().map(|count| format!("{}.{}", count.interface, count.method)).collect();
    // How objects come and go is part of every interface; and what is heard comes when it comes.
    let left_out = ["destroy", "construct", "call"];
    let found =
        found.into_iter().filter(|name| !left_out.iter().any(|end| name.ends_with(&format!(".{end}"))));
    let found: String = found.map(|name| name + "\n").collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls.txt");
    if std::env::var_os("GUI_CALLS").is_some_and(|what| what == "write") {
        std::fs::write(&path, found).expect("a file");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, kept, "{} is not what is called; GUI_CALLS=write writes it", path.display());
}

fn restored() {
    let mut gui = rich();
    gui.press("Wallets…");
    gui.settle();
    gui.press("Restore…");
    gui.type_in("Wallet name", "old");
    gui.type_in("Backup file", "/tmp/backup.dat");
    gui.press("Restore");
    gui.wait_for("Overview of old");
}

fn thawed() {
    let mut gui = rich();
    gui.page("Coins");
    for word in ["Freeze ", "Unfreeze "] {
        let found = gui
            .harness
            .get_all_by_role(Role::Button)
            .find_map(|node| node.accesskit_node().label().filter(|label| label.starts_with(word)));
        let name = found.expect("a button");
        gui.press(&name);
        gui.settle();
    }
    assert!(lock(&lock(&gui.world().loader.wallets)["w"].inside).frozen.is_empty());
}

fn told_to_end() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::owning(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    // Something is loaded, and the node goes on.
    world.node.load("Loading…");
    gui.wait(|_| world.node.gate.count("shutdownRequested") == 1);
    gui.settle();
    assert!(!gui.harness.state().is_over());
    *lock(&world.node.stopping) = true;
    world.node.load("Shutdown requested");
    gui.wait(|gui| {
        let link = gui.model().sessions[0].link.clone();
        matches!(link, crate::model::Link::Stopping { .. } | crate::model::Link::Closed { .. })
    });
}

#[test]
fn a37_a_window_ends_its_own_node_when_somebody_else_says_stop() {
    told_to_end();
}
