//! The implementation of the victim.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use mp_runtime::{Error, Result, ipc_interface};

use super::{Part, Victim};

/// The victim.
#[derive(Default)]
pub struct Served {
    released: Mutex<bool>,
    changed: Condvar,
    kept: Mutex<Vec<Arc<dyn Part>>>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Served")
    }
}

struct Made;

#[ipc_interface]
impl Part for Made {
    fn number(&self) -> Result<i32> {
        Ok(7)
    }
}

impl Served {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Part>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> Result<Arc<dyn Part>> {
        self.kept().first().cloned().ok_or_else(|| Error::failed("nothing is kept"))
    }
}

fn bytes(length: u64) -> Result<Vec<u8>> {
    // More than a message holds nobody is to ask for; the memory would not be there.
    let length = usize::try_from(length).ok().filter(|length| *length <= 64 << 20);
    length.map(|length| vec![7; length]).ok_or_else(|| Error::failed("too many bytes"))
}

#[ipc_interface]
impl Victim for Served {
    fn hello(&self) -> Result<i32> {
        Ok(1)
    }

    fn on_thread(&self, value: i32) -> Result<i32> {
        Ok(value)
    }

    fn block(&self) -> Result<i32> {
        let released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(released, |released| !*released));
        Ok(1)
    }

    fn release(&self) -> Result<()> {
        *self.released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
        Ok(())
    }

    fn take(&self, bytes: Vec<u8>) -> Result<u64> {
        Ok(bytes.len() as u64)
    }

    fn take_on_thread(&self, bytes: Vec<u8>) -> Result<u64> {
        Ok(bytes.len() as u64)
    }

    fn give(&self, length: u64) -> Result<Vec<u8>> {
        bytes(length)
    }

    fn give_on_thread(&self, length: u64) -> Result<Vec<u8>> {
        bytes(length)
    }

    async fn wait(&self) -> Result<Arc<dyn Part>> {
        std::future::pending().await
    }

    fn make(&self) -> Result<Box<dyn Part>> {
        Ok(Box::new(Made))
    }

    fn keep(&self, part: Arc<dyn Part>) -> Result<()> {
        self.kept().push(part);
        Ok(())
    }

    fn use_kept(&self) -> Result<i32> {
        self.first()?.number()
    }

    fn give_kept(&self) -> Result<Arc<dyn Part>> {
        self.first()
    }

    fn drop_kept(&self) -> Result<()> {
        drop(std::mem::take(&mut *self.kept()));
        Ok(())
    }

    fn fail(&self, length: u64) -> Result<()> {
        let text = String::from_utf8(bytes(length)?).unwrap_or_default();
        Err(Error::failed(text.replace('\u{7}', "x")))
    }

    fn keep_all(&self, parts: Vec<Arc<dyn Part>>) -> Result<()> {
        self.kept().extend(parts);
        Ok(())
    }

    async fn echo(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        Ok(bytes)
    }

    async fn ask_for_echo(&self, other: Arc<dyn Victim>, length: u64, count: u32) -> Result<u64> {
        let sent = bytes(length)?;
        if count > 10_000 {
            return Err(Error::failed("too many echoes"));
        }
        let echoes = (0..count).map(|_| other.echo(sent.clone()));
        let echoes = futures::future::try_join_all(echoes).await?;
        Ok(echoes.iter().filter(|echo| **echo == sent).count() as u64)
    }
}
