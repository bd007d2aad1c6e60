//! The interfaces between node, wallet and GUI: every method through a real connection, with what
//! arrives at the other end and what comes back.
//!
//! A test is a function of [`Ends`]. Each runs by itself, and all together on one connection, after
//! which no method may be left that nobody called.

mod blocks;
mod chain;
mod chain_notifications;
mod coins;
mod ends;
mod every_method;
mod external_signer;
mod init;
mod node;
mod node_callbacks;
mod node_network;
mod node_start;
mod peer;
mod rpc_command;
mod sample;
mod script;
mod secrets;
mod settings;
mod wallet;
mod wallet_callbacks;
mod wallet_client;
mod wallet_coins;
mod wallet_loader;
mod wallet_spending;
mod watch;
mod watch_peers;

use ends::Ends;

/// Lists the tests, by file.
macro_rules! tests {
    ($($file:ident: $($test:ident),*;)*) => {
        const TESTS: &[fn(&Ends)] = &[$($($file::$test),*),*];

        mod alone {
            $($(#[test]
            fn $test() {
                crate::$file::$test(&crate::Ends::new());
            })*)*
        }
    };
}

tests! {
    init: the_first_interface_gives_the_others, settings_reach_the_wallet_process;
    blocks: each_fact_of_a_block_comes_when_it_is_wanted, blocks_follow_each_other_in_requests,
        blocks_are_found_by_time_and_below_others, two_branches_have_an_ancestor_in_common;
    chain: the_chain_is_looked_at, transactions_are_judged_and_sent, fees_are_estimated,
        the_user_is_told, an_error_of_the_chain_arrives;
    coins: coins_come_back_in_the_map_that_asked, bump_fees_are_by_coin_and_for_all;
    chain_notifications: notifications_arrive_until_the_handler_ends,
        a_lent_listener_hears_on_the_calling_thread;
    settings: settings_are_read_and_replaced, a_callback_changes_a_setting, a_failed_change_changes_nothing;
    rpc_command: a_command_is_registered_with_all_its_facts, a_wallet_registers_commands_that_the_node_runs;
    node_start: a_node_starts_stops_and_fails, settings_of_the_gui, rpc_methods_answer_and_fail;
    node: the_node_says_what_it_knows, a_node_without_network_says_so, a_transaction_is_sent_or_not;
    node_network: peers_are_listed_with_all_their_facts, bans_and_addresses;
    node_callbacks: the_gui_hears_of_everything_until_it_stops, an_error_of_the_gui_arrives;
    external_signer: signers_come_in_a_list;
    wallet: passphrases_arrive, addresses_and_keys, the_address_book;
    wallet_coins: coins_are_locked_and_listed, balances_and_fees, what_kind_of_wallet_it_is;
    wallet_spending: a_transaction_is_made_and_committed, a_transaction_is_bumped_or_not,
        transactions_are_told_in_full, a_psbt_is_filled;
    wallet_callbacks: the_gui_hears_of_a_wallet_until_it_stops;
    wallet_loader: wallets_are_made_loaded_and_found, wallets_arrive_in_a_callback,
        wallets_are_offered_until_the_offer_is_taken_back;
    wallet_client: a_loader_is_a_client_of_the_chain_and_is_destroyed_once;
    watch: scripts_are_watched_and_blocks_are_scanned, a_watch_is_heard_until_it_ends, a_dropped_watch_ends,
        the_mempool_is_told_on_the_calling_thread, a_chain_that_watches_is_a_chain_like_any_other,
        a_wallet_process_is_given_a_chain_that_watches;
    secrets: no_passphrase_is_in_the_log;
}
