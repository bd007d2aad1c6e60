//! Passphrases stay out of the log, at whatever level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use bitcoin_ipc::interfaces::{LoadedWallet, WalletMigrationResult};
use bitcoin_ipc::types::{BilingualStr, Secret};
use tracing_subscriber::fmt::MakeWriter;

use crate::ends::Ends;
use crate::sample::text;

/// Collects the log of all tests of the process.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Lines;

    fn make_writer(&'w self) -> Lines {
        self.clone()
    }
}

/// What is collected, from the first use on.
static LINES: std::sync::LazyLock<Lines> = std::sync::LazyLock::new(|| {
    let lines = Lines::default();
    tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).with_env_filter("ipc=trace").init();
    lines
});

pub(crate) fn no_passphrase_is_in_the_log(ends: &Ends) {
    let lines = LINES.clone();
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    let loader = ends.loader(Arc::new(ends.peer.clone()));
    let (one, two) = ("staple battery", "correct horse");
    let (first, second) = (Secret::new(one), Secret::new(two));
    script.expect("encrypt_wallet", format!("{:?}", one.as_bytes()), true);
    assert_eq!(wallet.encrypt_wallet(&first), Ok(true));
    script.expect("unlock", format!("{:?}", one.as_bytes()), true);
    assert_eq!(wallet.unlock(&first), Ok(true));
    script.expect("change_wallet_passphrase", format!("{:?}", (one.as_bytes(), two.as_bytes())), true);
    assert_eq!(wallet.change_wallet_passphrase(&first, &second), Ok(true));
    let failed = LoadedWallet { warning: Vec::new(), result: Err(text("no room")) };
    script.expect("create_wallet", format!("{:?}", ("cold wallet", one.as_bytes(), 5)), failed);
    assert!(loader.create_wallet("cold wallet", &first, 5).expect("an answer").result.is_err());
    let failed: Result<WalletMigrationResult, BilingualStr> = Err(text("no room"));
    script.expect("migrate_wallet", format!("{:?}", ("cold wallet", two.as_bytes())), failed);
    assert!(loader.migrate_wallet("cold wallet", &second).expect("an answer").is_err());

    let log = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("a text");
    for shown in [
        "Wallet.encryptWallet (walletPassphrase = <secret>)",
        "Wallet.unlock (walletPassphrase = <secret>)",
        "(oldWalletPassphrase = <secret>, newWalletPassphrase = <secret>)",
        "(name = \"cold wallet\", passphrase = <secret>, flags = 5)",
        "(name = \"cold wallet\", passphrase = <secret>)",
    ] {
        assert!(log.contains(shown), "{shown} is not in\n{log}");
    }
    let hex = |secret: &str| secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for secret in [one, two] {
        for line in log.lines() {
            assert!(!line.contains(secret) && !line.contains(&hex(secret)), "{line}");
        }
    }
}
