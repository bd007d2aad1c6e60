//! WalletLoader: wallets in results, in lists and in callbacks.

use std::path::Path;
use std::sync::{Arc, mpsc};

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{
    Handler, LoadWalletFn, LoadedWallet, RestoredWallet, Wallet, WalletLoader, WalletMigrationResult,
};
use bitcoin_ipc::types::{BilingualStr, Secret};

use crate::ends::Ends;
use crate::peer::{Peer, kept};
use crate::sample::text;
use crate::script::{played, same};
use crate::wallet_client::Loader;

impl WalletLoader for Loader {
    played! {
        fn load_wallet(&self, name: &str) -> LoadedWallet;
        fn get_wallet_dir(&self) -> String;
        fn restore_wallet(&self, backup_file: &Path, name: &str, load_after_restore: bool) -> RestoredWallet;
        fn is_encrypted(&self, name: &str) -> bool;
        fn list_wallet_dir(&self) -> Vec<(String, String)>;
        fn get_wallets(&self) -> Vec<Box<dyn Wallet>>;
    }

    fn create_wallet(&self, name: &str, passphrase: &Secret, flags: u64) -> Result<LoadedWallet> {
        Ok(self.script.play("create_wallet", format!("{:?}", (name, passphrase.expose(), flags))))
    }

    fn migrate_wallet(
        &self,
        name: &str,
        passphrase: &Secret,
    ) -> Result<Result<WalletMigrationResult, BilingualStr>> {
        Ok(self.script.play("migrate_wallet", format!("{:?}", (name, passphrase.expose()))))
    }

    kept! {
        fn handle_load_wallet(&self, callback: LoadWalletFn);
    }
}

/// A wallet's name, or why there is none.
fn name(wallet: Result<Box<dyn Wallet>, BilingualStr>) -> Result<String, BilingualStr> {
    wallet.map(|wallet| wallet.get_wallet_name().expect("a name"))
}

pub(crate) fn wallets_are_made_loaded_and_found(ends: &Ends) {
    let loader = ends.loader(Arc::new(ends.peer.clone()));
    let script = &ends.peer.script;
    let wallet = |name: &str| Box::new(ends.peer.named(name)) as Box<dyn Wallet>;
    let warning = vec![text("old"), text("slow")];

    for passphrase in ["", "new words"] {
        let made = LoadedWallet { warning: warning.clone(), result: Ok(wallet("hot")) };
        script.expect("create_wallet", format!("{:?}", ("hot", passphrase.as_bytes(), 1_u64 << 63)), made);
        let made = loader.create_wallet("hot", &Secret::new(passphrase), 1 << 63).expect("an answer");
        assert_eq!((made.warning, name(made.result)), (warning.clone(), Ok("hot".into())));
    }
    let error =
        loader.create_wallet("hot", &Secret::new([0xff]), 0).expect_err("a passphrase that is no text");
    assert_eq!(error.field(), "passphrase");

    for result in [Ok("cold"), Err(text("not found"))] {
        let loaded = LoadedWallet { warning: warning.clone(), result: result.clone().map(wallet) };
        script.expect("load_wallet", "(\"cold\",)".into(), loaded);
        let loaded = loader.load_wallet("cold").expect("an answer");
        assert_eq!((loaded.warning, name(loaded.result)), (warning.clone(), result.map(String::from)));
    }

    let path = Path::new("/backup/hot.dat");
    for result in [Ok(Some("hot")), Ok(None), Err(text("no room"))] {
        let restored = result.clone().map(|name| name.map(wallet));
        let restored = RestoredWallet { warning: warning.clone(), result: restored };
        script.expect("restore_wallet", format!("{:?}", (path, "hot", true)), restored);
        let restored = loader.restore_wallet(path, "hot", true).expect("an answer");
        assert_eq!(restored.warning, warning);
        let found =
            restored.result.map(|wallet| wallet.map(|wallet| wallet.get_wallet_name().expect("a name")));
        assert_eq!(found, result.map(|name| name.map(String::from)));
    }

    for other in [None, Some("watched")] {
        let migrated = WalletMigrationResult {
            wallet: wallet("new"),
            watchonly_wallet_name: other.map(String::from),
            solvables_wallet_name: Some("solvable".into()),
            backup_path: "/backup/legacy.bak".into(),
        };
        script.expect(
            "migrate_wallet",
            format!("{:?}", ("legacy", b"old words")),
            Ok::<_, BilingualStr>(migrated),
        );
        let migrated = loader.migrate_wallet("legacy", &Secret::new("old words")).expect("an answer");
        let migrated = migrated.expect("a wallet");
        assert_eq!(migrated.watchonly_wallet_name.as_deref(), other);
        assert_eq!(migrated.solvables_wallet_name.as_deref(), Some("solvable"));
        assert_eq!(migrated.backup_path, Path::new("/backup/legacy.bak"));
        assert_eq!(name(Ok(migrated.wallet)), Ok("new".into()));
    }
    let failure: Result<WalletMigrationResult, _> = Err(text("it is new"));
    script.expect("migrate_wallet", "(\"new\", [])".into(), failure);
    let failure = loader.migrate_wallet("new", &Secret::default()).expect("an answer");
    assert_eq!(failure.err(), Some(text("it is new")));

    same!(script, loader.get_wallet_dir(), "/home/me/wallets".to_owned());
    same!(script, loader.is_encrypted("hot"), true);
    let folder = vec![("hot".to_owned(), "sqlite".to_owned()), ("old".into(), "bdb".into())];
    same!(script, loader.list_wallet_dir(), folder);
    for names in [&[][..], &["hot", "cold", ""]] {
        let wallets: Vec<_> = names.iter().map(|name| wallet(name)).collect();
        script.expect("get_wallets", "()".into(), wallets);
        let wallets = loader.get_wallets().expect("wallets");
        let found: Vec<_> = wallets.into_iter().map(|wallet| name(Ok(wallet)).expect("a name")).collect();
        assert_eq!(found, names);
    }
}

pub(crate) fn wallets_arrive_in_a_callback(ends: &Ends) {
    let loader = ends.loader(Arc::new(ends.peer.clone()));
    let (say, hear) = mpsc::channel();
    let callback: LoadWalletFn = Box::new(move |wallet| {
        // It can be asked at once, while the other end waits.
        let name = wallet.get_wallet_name()?;
        say.send((name, wallet)).expect("a listener");
        Ok(())
    });
    let first = ends.peer.named("first");
    ends.peer.when_registered(move |callback: &LoadWalletFn| assert_eq!(callback(Box::new(first)), Ok(())));
    let handler = loader.handle_load_wallet(callback).expect("a handler");
    let callback = ends.peer.kept::<LoadWalletFn>("handle_load_wallet").expect("a callback");
    assert_eq!(callback(Box::new(ends.peer.named("second"))), Ok(()));
    drop(callback);
    for expected in ["first", "second"] {
        let (name, wallet) = hear.try_recv().expect("a wallet");
        assert_eq!(name, expected);
        // It is ours to keep.
        assert_eq!(wallet.get_wallet_name(), Ok(name));
        same!(ends.peer.script, wallet.is_locked(), true);
    }
    assert_eq!(handler.disconnect(), Ok(()));
    assert!(ends.peer.kept::<LoadWalletFn>("handle_load_wallet").is_none());
    assert!(hear.recv().is_err(), "the callback is dropped");
}

pub(crate) fn wallets_are_offered_until_the_offer_is_taken_back(ends: &Ends) {
    let wallets = Peer::new();
    let loader = Loader::new(wallets.clone(), Arc::new(ends.peer.clone()));
    let offer = ends.init.offer_wallet_loader(Arc::new(loader)).expect("an answer").expect("a handler");
    let node = ends.peer.kept::<Arc<dyn WalletLoader>>("offer_wallet_loader").expect("a loader");
    same!(&wallets.script, node.get_wallet_dir(), "a folder".to_owned());
    drop(node);
    assert_eq!(offer.disconnect(), Ok(()));
    assert!(ends.peer.kept::<Arc<dyn WalletLoader>>("offer_wallet_loader").is_none());
}
