//! Secrets stay out of the log, whoever writes it and at whatever level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use bitcoin_ipc::Result;
use bitcoin_ipc::types::{Bitcoin, Secret, secret_text};
use mp_runtime::{EventLoop, ipc_interface, pair};
use tracing_subscriber::fmt::MakeWriter;

use crate::ends::Mirror;

/// A secret in every place that it can have.
#[ipc_interface(file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, construct, types = Bitcoin)]
trait Safe: Send + Sync {
    fn keep(&self, passphrase: &Secret, name: &str) -> Result<Secret>;
    fn keep_some(&self, passphrase: Option<Secret>) -> Result<Option<Secret>>;
    fn keep_all(&self, passphrases: Vec<Secret>) -> Result<Vec<Secret>>;
    fn keep_text(&self, #[ipc(with = secret_text, secret)] passphrase: &Secret) -> Result<()>;
}

impl Safe for Mirror {
    fn keep(&self, passphrase: &Secret, _: &str) -> Result<Secret> {
        Ok(passphrase.clone())
    }
    fn keep_some(&self, passphrase: Option<Secret>) -> Result<Option<Secret>> {
        Ok(passphrase)
    }
    fn keep_all(&self, passphrases: Vec<Secret>) -> Result<Vec<Secret>> {
        Ok(passphrases)
    }
    fn keep_text(&self, _: &Secret) -> Result<()> {
        Ok(())
    }
}

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

#[test]
fn a_secret_is_in_no_line_of_the_log() {
    let lines = Lines::default();
    tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).with_env_filter("ipc=trace").init();
    let event_loop = EventLoop::new("log").expect("a loop");
    let (client, _served) = pair::<dyn Safe>(&event_loop, Arc::new(Mirror));
    let secret = Secret::new("staple battery");
    assert_eq!(client.keep(&secret, "hot wallet").as_ref(), Ok(&secret));
    assert_eq!(client.keep_some(Some(secret.clone())), Ok(Some(secret.clone())));
    assert_eq!(client.keep_all(vec![secret.clone()]), Ok(vec![secret.clone()]));
    assert_eq!(client.keep_text(&secret), Ok(()));
    let log = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("a text");
    assert!(log.contains("name = \"hot wallet\""), "no values in\n{log}");
    let hex: String = secret.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    for line in log.lines() {
        assert!(!line.contains("staple battery") && !line.contains(&hex), "{line}");
    }
    assert!(log.contains("Safe.keep (passphrase = <secret>, name = \"hot wallet\")"), "{log}");
}
