//! Passphrases, and what is in the file.

use std::time::{Duration, Instant};

use bitcoin::Amount;
use bitcoin_ipc::interfaces::WalletLoader;
use bitcoin_ipc::types::{CoinControl, OutputType, Secret};
use bitcoin_wallet::{Error, WalletHandle};

use crate::chain::elsewhere;
use crate::{Setup, balance, btc, script, send, to};

/// Everything that a wallet has on disk.
fn bytes(wallet: &WalletHandle) -> Vec<u8> {
    let folder = wallet.path().parent().unwrap().to_owned();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.collect::<Vec<_>>().concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|part| part == what)
}

/// The master key of a wallet, in base58.
fn master(wallet: &WalletHandle) -> String {
    let (_, text) = wallet.private_descriptors().unwrap().remove(0);
    let start = text.find("tprv").unwrap();
    text[start..].split('/').next().unwrap().to_owned()
}

#[test]
fn an_encrypted_wallet_spends_only_with_its_passphrase() {
    let mut setup = Setup::new();
    let wallet = setup.rich("hot");
    let (right, wrong) = (Secret::new("correct horse"), Secret::new("wrong"));
    let key = master(&wallet);
    let old = script(&wallet, OutputType::Bech32);
    assert!(holds(&bytes(&wallet), key.as_bytes()));
    assert!(!wallet.lock().unwrap(), "there is nothing to lock");

    wallet.encrypt(&right).unwrap();
    assert!(!holds(&bytes(&wallet), key.as_bytes()), "the key is still in the file or its log");
    assert!(!holds(&bytes(&wallet), b"tprv"), "a key is still in the file or its log");
    assert!(wallet.is_locked().unwrap() && wallet.is_encrypted().unwrap());
    assert!(matches!(wallet.encrypt(&right), Err(Error::EncryptionState(_))));
    let pay = |wallet: &WalletHandle| {
        wallet.create_transaction(&[to(&elsewhere(), btc(1))], &CoinControl::default(), true, None)
    };
    assert!(matches!(pay(&wallet), Err(Error::Locked)));
    assert!(matches!(wallet.private_descriptors(), Err(Error::Locked)));
    script(&wallet, OutputType::Bech32);
    // The keys of before are still its own.
    assert!(wallet.is_mine(&bitcoin_ipc::types::Destination::of_script(&old)).unwrap());

    drop(wallet);
    setup.restart();
    let wallet = setup.loader.load("hot").unwrap();
    assert!(wallet.is_locked().unwrap());
    assert_eq!(balance(&wallet), 50 * 100_000_000);
    assert!(!wallet.unlock(&wrong).unwrap());
    assert!(matches!(pay(&wallet), Err(Error::Locked)));
    assert!(wallet.unlock(&right).unwrap());
    assert_ne!(master(&wallet), "");
    send(&wallet, &elsewhere(), btc(1));
    assert!(wallet.lock().unwrap());
    assert!(matches!(pay(&wallet), Err(Error::Locked)));
    // New addresses come from a key that no earlier backup has.
    wallet.unlock(&right).unwrap();
    let texts = wallet.private_descriptors().unwrap();
    assert!(
        texts.iter().any(|(_, text)| text.contains(&key))
            && !texts.iter().all(|(_, text)| text.contains(&key))
    );
}

#[test]
fn the_passphrase_changes_and_the_old_one_opens_nothing() {
    let mut setup = Setup::new();
    let wallet = setup.loader.create("hot", &Secret::new("one"), 0).unwrap();
    assert!(!holds(&bytes(&wallet), b"tprv"));
    assert!(wallet.is_locked().unwrap());
    let change = |old: &str, new: &str| wallet.change_passphrase(&Secret::new(old), &Secret::new(new));
    assert!(!change("two", "three").unwrap());
    assert!(change("one", "").is_err());
    assert!(change("one", "two").unwrap());
    drop(wallet);
    setup.restart();
    assert!(WalletLoader::is_encrypted(&setup.loader, "hot").unwrap());
    let wallet = setup.loader.load("hot").unwrap();
    assert!(!wallet.interface().unlock(&Secret::new("one")).unwrap());
    assert!(wallet.interface().unlock(&Secret::new("two")).unwrap());
    let plain = setup.wallet("plain");
    assert!(!plain.interface().unlock(&Secret::new("two")).unwrap());
    assert!(!WalletLoader::is_encrypted(&setup.loader, "plain").unwrap());
}

#[test]
fn a_wallet_locks_itself_after_its_time() {
    let setup = Setup::new();
    let wallet = setup.loader.create("hot", &Secret::new("one"), 0).unwrap();
    assert!(wallet.unlock_for(&Secret::new("one"), Duration::from_millis(1)).unwrap());
    let start = Instant::now();
    while !wallet.is_locked().unwrap() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never locked");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Unlocking again without a time is not ended by an earlier time.
    assert!(wallet.unlock_for(&Secret::new("one"), Duration::from_millis(1)).unwrap());
    assert!(wallet.unlock(&Secret::new("one")).unwrap());
    std::thread::sleep(Duration::from_millis(50));
    assert!(!wallet.is_locked().unwrap());
}

#[test]
fn nothing_secret_shows() {
    let setup = Setup::new();
    let wallet = setup.wallet("hot");
    let key = master(&wallet);
    let import = bitcoin_wallet::DescriptorImport {
        descriptor: wallet.private_descriptors().unwrap().remove(0).1,
        ..Default::default()
    };
    let infos = wallet.descriptors().unwrap();
    let shown = format!("{wallet:?} {:?} {import:?} {infos:?}", setup.loader);
    assert!(!shown.contains(&key) && !shown.contains("tprv"), "{shown}");
    // A mistake in a private descriptor is not quoted either.
    let broken = format!("wpkh({key}/0/*)#aaaaaaaa");
    let import = bitcoin_wallet::DescriptorImport { descriptor: broken.into(), ..Default::default() };
    let error = wallet.import_descriptors(&[import]).unwrap().remove(0).result.unwrap_err();
    assert!(!error.to_string().contains("prv"), "{error}");
}

#[test]
fn a_single_private_key_can_be_imported_and_spends() {
    let setup = Setup::new();
    let wallet = setup.loader.create("blank", &Secret::default(), bitcoin_wallet::flag::BLANK).unwrap();
    assert!(!wallet.has_seed().unwrap() && !wallet.can_get_addresses().unwrap());
    // The key 1, with a payment that is there before the import.
    let wif = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
    let key: bitcoin::PrivateKey = wif.parse().unwrap();
    let secp = bitcoin::secp256k1::Secp256k1::new();
    let pay_to = bitcoin::ScriptBuf::new_p2wpkh(&key.public_key(&secp).wpubkey_hash().unwrap());
    setup.chain.mine(1, &pay_to);
    setup.chain.mine(100, &elsewhere());
    let import = bitcoin_wallet::DescriptorImport {
        descriptor: format!("wpkh({wif})").into(),
        label: Some("found".into()),
        ..Default::default()
    };
    wallet.import_descriptors(&[import]).unwrap().remove(0).result.unwrap();
    assert_eq!(balance(&wallet), 50 * 100_000_000);
    assert_eq!(wallet.book().unwrap()[0].name, "found");
    let all = bitcoin_ipc::types::Recipient {
        subtract_fee_from_amount: true,
        ..to(&elsewhere(), Amount::from_int_btc(50))
    };
    let made = wallet.create_transaction(&[all], &CoinControl::default(), true, None).unwrap();
    setup.chain.submit(&made.tx).unwrap();
}
