//! Files, names, labels, callbacks.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use bitcoin_ipc::interfaces::{ChainClient, WalletLoader};
use bitcoin_ipc::types::{AddressPurpose, ChangeType, Destination, OutputType, Secret};
use bitcoin_wallet::{Error, Loader, Options, flag};

use crate::chain::elsewhere;
use crate::{Setup, balance, btc, loader, script, send};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn labels_and_requests_survive() {
    let mut setup = Setup::new();
    let wallet = setup.wallet("hot");
    let address = wallet.new_address(OutputType::Bech32, "rent").unwrap();
    let own = Destination::from(&address);
    let other = Destination::of_script(&elsewhere());
    assert!(wallet.set_address_book(&other, "landlord", AddressPurpose::Send).unwrap());
    assert!(wallet.set_receive_request(&own, b"1", b"please").unwrap());
    let next = wallet.new_address(OutputType::Bech32, "").unwrap();
    assert_ne!(address, next);
    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert_eq!(wallet.book().unwrap().len(), 3);
    assert_eq!(wallet.book_entry(&own).unwrap().unwrap().name, "rent");
    let entry = wallet.book_entry(&other).unwrap().unwrap();
    assert_eq!((entry.name.as_str(), entry.purpose), ("landlord", AddressPurpose::Send));
    assert_eq!(wallet.receive_requests().unwrap(), [b"please"]);
    let third = wallet.new_address(OutputType::Bech32, "").unwrap();
    assert!(third != address && third != next, "an address was given twice");

    assert!(!wallet.del_address_book(&own).unwrap(), "its own have to stay");
    assert!(wallet.del_address_book(&other).unwrap());
    assert!(wallet.set_receive_request(&own, b"1", b"").unwrap());
    assert_eq!(wallet.receive_requests().unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_file_is_one_process_s() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let second = loader(&setup.folder, &setup.chain);
    let Err(Error::File(text)) = second.load("hot") else { panic!("loaded twice") };
    assert!(text.contains(wallet.path().to_str().unwrap()) && text.contains("in use"), "{text}");
    assert!(matches!(setup.loader.load("hot"), Err(Error::AlreadyThere(_))));
    wallet.unload().unwrap();
    assert!(wallet.balances().is_err() && wallet.unload().is_err());
    assert_eq!(balance(&second.load("hot").unwrap()), 50 * 100_000_000);
}

#[test]
fn a_backup_is_the_wallet_of_then() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let file = setup.folder.path().join("backup");
    assert!(wallet.interface().backup_wallet(file.to_str().unwrap()).unwrap());
    assert!(!wallet.interface().backup_wallet(wallet.path().to_str().unwrap()).unwrap(), "over itself");
    send(&wallet, &elsewhere(), btc(1));
    setup.chain.mine(1, &elsewhere());

    let restored = setup.loader.restore_wallet(&file, "again", true).unwrap();
    let restored = restored.result.unwrap().unwrap();
    assert_eq!(restored.get_balance().unwrap().to_sat(), balance(&wallet), "it caught up");
    assert!(setup.loader.restore_wallet(&file, "again", true).unwrap().result.is_err());
    let names: Vec<_> = setup.loader.list_wallet_dir().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["again", "hot"]);

    std::fs::write(&file, b"not a wallet").unwrap();
    assert!(setup.loader.restore_wallet(&file, "bad", true).unwrap().result.is_err());
    assert_eq!(setup.loader.list().unwrap().len(), 2, "nothing of it is left");
}

#[test]
fn what_was_acknowledged_is_in_the_files_at_once() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let address = wallet.new_address(OutputType::Bech32m, "last words").unwrap();
    let tx = send(&wallet, &elsewhere(), btc(1));
    let coin = bitcoin::OutPoint { txid: tx.compute_txid(), vout: 0 };
    wallet.lock_coin(coin, true).unwrap();
    wallet.encrypt(&Secret::new("p")).unwrap();
    let after = wallet.new_address(OutputType::Bech32, "locked").unwrap();
    // What a killed process leaves: the files as they are, with nothing closed.
    let left = setup.folder.path().join("wallets/left");
    std::fs::create_dir_all(&left).unwrap();
    for entry in std::fs::read_dir(wallet.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), left.join(entry.file_name())).unwrap();
    }
    let found = setup.loader.load("left").unwrap();
    assert_eq!(found.book_entry(&Destination::from(&address)).unwrap().unwrap().name, "last words");
    assert_eq!(found.locked_coins().unwrap(), [coin]);
    assert!(found.tx(tx.compute_txid()).unwrap().is_some());
    assert!(found.is_encrypted().unwrap());
    assert!(found.unlock(&Secret::new("p")).unwrap());
    assert_eq!(balance(&found), balance(&wallet));
    let next = found.new_address(OutputType::Bech32, "").unwrap();
    assert_ne!(next, after, "an address was given twice");
    assert_eq!(wallet.new_address(OutputType::Bech32, "").unwrap(), next, "both go on from the same place");
}

#[test]
fn names_and_flags_that_cannot_be() {
    let setup = Setup::new();
    for name in ["../out", "/tmp/out", ".."] {
        assert!(matches!(setup.loader.create(name, &Secret::default(), 0), Err(Error::Invalid(_))), "{name}");
    }
    setup.wallet("hot");
    assert!(matches!(setup.loader.create("hot", &Secret::default(), 0), Err(Error::AlreadyThere(_))));
    assert!(matches!(setup.loader.load("cold"), Err(Error::NotFound(_))));
    assert!(matches!(setup.loader.create("x", &Secret::default(), 1 << 35), Err(Error::Unsupported(_))));
    let both = setup.loader.create("x", &Secret::new("p"), flag::DISABLE_PRIVATE_KEYS);
    assert!(matches!(both, Err(Error::Refused(_))));
    let said = setup.loader.load_wallet("cold").unwrap();
    assert!(said.result.err().unwrap().original.contains("Path does not exist."));
}

#[test]
fn wallets_are_loaded_at_the_start_and_closed_at_the_end() {
    let mut setup = Setup::new();
    drop((setup.rich("hot"), setup.wallet("cold")));
    assert!(setup.loader.set_load_on_start("hot", true).unwrap());
    assert!(setup.loader.set_load_on_start("cold", true).unwrap());
    assert!(setup.loader.set_load_on_start("cold", false).unwrap());
    setup.restart();
    let client: &dyn ChainClient = &setup.loader;
    assert!(client.verify().unwrap() && client.load().unwrap());
    client.start(()).unwrap();
    let names: Vec<String> = setup.loader.wallets().iter().map(|wallet| wallet.name().to_owned()).collect();
    assert_eq!(names, ["hot"]);
    client.stop().unwrap();
    assert!(setup.loader.wallets().is_empty());
    assert_eq!(setup.chain.listeners(), 0);
}

#[test]
fn what_waits_is_sent_again_after_a_day() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let client: &dyn ChainClient = &setup.loader;
    client.start(()).unwrap();
    let txid = send(&wallet, &elsewhere(), btc(1)).compute_txid();
    setup.chain.evict(txid);
    client.scheduler_mock_forward(std::time::Duration::from_secs(36 * 60 * 60)).unwrap();
    let start = std::time::Instant::now();
    while !setup.chain.in_mempool(txid) {
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "it was never sent again");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    client.stop().unwrap();
}

#[test]
fn listeners_hear_until_they_stop() {
    let setup = Setup::new();
    let (say, hear) = mpsc::channel::<String>();
    let told = say.clone();
    let loaded = setup
        .loader
        .handle_load_wallet(Box::new(move |wallet| {
            told.send(format!("loaded {}", wallet.get_wallet_name()?)).unwrap();
            Ok(())
        }))
        .unwrap();
    let wallet = setup.wallet("hot");
    let heard = || hear.recv_timeout(PATIENCE).unwrap();
    assert_eq!(heard(), "loaded hot");
    drop(loaded);
    setup.wallet("cold");
    assert!(hear.try_recv().is_err());

    let told = say.clone();
    // A listener may ask the wallet: nothing is locked.
    let asks = wallet.interface();
    let txs = wallet
        .interface()
        .handle_transaction_changed(Box::new(move |txid, change| {
            let details = asks.get_wallet_tx_details(txid)?;
            told.send(format!("{change:?} {}", details.tx_status.depth_in_main_chain)).unwrap();
            Ok(())
        }))
        .unwrap();
    let told = say.clone();
    let book = wallet
        .interface()
        .handle_address_book_changed(Box::new(move |_, label, mine, purpose, change: ChangeType| {
            told.send(format!("{label} {mine} {purpose:?} {change:?}")).unwrap();
            Ok(())
        }))
        .unwrap();
    let told = say.clone();
    let status = wallet
        .interface()
        .handle_status_changed(Box::new(move || {
            told.send("status".into()).unwrap();
            Ok(())
        }))
        .unwrap();
    let told = say.clone();
    let _unload = wallet
        .interface()
        .handle_unload(Box::new(move || {
            told.send("unload".into()).unwrap();
            Ok(())
        }))
        .unwrap();
    let rent = wallet.new_address(OutputType::Bech32m, "rent").unwrap();
    assert_eq!(heard(), "rent true Receive New");
    setup.chain.mine(1, &rent.script_pubkey());
    assert_eq!(heard(), "New 1");
    wallet.encrypt(&Secret::new("p")).unwrap();
    assert_eq!(heard(), "status");
    drop((txs, book, status));
    setup.chain.mine(1, &script(&wallet, OutputType::Bech32));
    wallet.unlock(&Secret::new("p")).unwrap();
    wallet.interface().remove().unwrap();
    let heard: Vec<String> = hear.try_iter().collect();
    assert_eq!(heard, ["unload"], "which is waited for");
    let wallets: &dyn WalletLoader = &setup.loader;
    assert_eq!(wallets.get_wallets().unwrap().len(), 1);
}

#[test]
fn a_listener_that_hangs_does_not_keep_the_wallet_from_following() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    let ((_stuck, free), (say, hear)) = (mpsc::channel::<()>(), mpsc::channel());
    let free = Mutex::new(free);
    let _hangs = wallet
        .interface()
        .handle_transaction_changed(Box::new(move |_, _| {
            let _ = free.lock().unwrap().recv();
            Ok(())
        }))
        .unwrap();
    let _other = wallet
        .interface()
        .handle_transaction_changed(Box::new(move |txid, _| {
            let _ = say.send(txid);
            Ok(())
        }))
        .unwrap();
    for height in 1..=3 {
        setup.chain.mine(1, &script(&wallet, OutputType::Bech32));
        assert_eq!(wallet.tip().unwrap().0, height);
        hear.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(wallet.balances().unwrap().immature_balance.to_sat(), 3 * 50 * 100_000_000);
}

#[test]
fn a_listener_may_send_when_it_hears_of_a_payment() {
    let setup = Setup::new();
    let wallet = setup.rich("hot");
    let (sender, sent) = (wallet.clone(), std::sync::atomic::AtomicBool::new(false));
    let (say, hear) = mpsc::channel();
    let _handler = wallet
        .interface()
        .handle_transaction_changed(Box::new(move |txid, change| {
            say.send((txid, change)).unwrap();
            if !sent.swap(true, std::sync::atomic::Ordering::SeqCst) {
                send(&sender, &elsewhere(), btc(1));
            }
            Ok(())
        }))
        .unwrap();
    setup.chain.mine(1, &script(&wallet, OutputType::Bech32));
    // Of the payment to the wallet, and of its own.
    for _ in 0..2 {
        hear.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(setup.chain.state().mempool.len(), 1);
    assert!(wallet.is_in_mempool(setup.chain.state().mempool[0].compute_txid()).unwrap());
}

#[test]
fn a_half_made_wallet_is_no_wallet() {
    let setup = Setup::new();
    let folder = setup.folder.path().join("wallets/hot");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("wallet.sqlite.new"), b"half").unwrap();
    assert_eq!(setup.loader.list().unwrap(), Vec::<String>::new());
    let wallet = setup.wallet("hot");
    wallet.new_address(OutputType::Bech32, "").unwrap();
    assert_eq!(Loader::list(&setup.loader).unwrap(), ["hot"]);
}

#[test]
fn what_wallets_are_loaded_with_at_the_start_is_told_to_the_user() {
    let mut setup = Setup::new();
    setup.wallet("hot");
    assert!(setup.loader.set_load_on_start("hot", true).unwrap());
    let known = ["-fallbackfee is set very high!", "-walletrbf is deprecated"].map(str::to_owned);
    for warnings in [known.to_vec(), Vec::new()] {
        let options = Options { warnings: warnings.clone(), ..setup.loader.options().clone() };
        setup.loader = Loader::new(options, crate::node(&setup.chain));
        let client: &dyn ChainClient = &setup.loader;
        assert!(client.verify().unwrap() && client.load().unwrap());
        let joined = (!warnings.is_empty()).then(|| warnings.join("\n"));
        assert_eq!(setup.chain.take_warned(), Vec::from_iter(joined));
        // One that is loaded later tells whoever asked for it.
        setup.loader.wallet("hot").unwrap().unload().unwrap();
        let loaded = setup.loader.load_wallet("hot").unwrap();
        assert_eq!(loaded.warning.iter().map(|text| text.original.clone()).collect::<Vec<_>>(), warnings);
        assert!(setup.chain.take_warned().is_empty());
        client.stop().unwrap();
    }
}
