//! What a driver is told: in, values of the caller; out, how long to wait and what to send.

use std::fmt::Display;
use std::time::Duration;

/// Says what a driver sends and how long it waits.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The longest time that one call may take.
    pub step: Duration,
    /// The timeout that the driver hands to `waitNext` and `waitTipChanged`.
    pub wait: Duration,
    /// The text that `echo` gets.
    pub echo: String,
    /// Whether the client offers a thread map of its own and names one of its threads as the
    /// callback thread of each call, as libmultiprocess does. Without, both are null, as in most
    /// clients written in other languages.
    pub own_threads: bool,
    /// On which of the server's threads the calls run. Only [`v32`](crate::v32) looks at it.
    pub dispatch: Dispatch,
    /// What `getTransactionsByTxID` asks for; by default one transaction that nobody knows.
    pub txids: Vec<[u8; 32]>,
    /// What `getTransactionsByWitnessID` asks for; by default one transaction that nobody knows.
    pub wtxids: Vec<[u8; 32]>,
    /// The request that `executeRpc` gets; by default it asks for the block count.
    pub rpc: String,
}

/// Says how a client chooses the server's thread for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dispatch {
    /// Each call names a thread that `makeThread` made.
    #[default]
    Named,
    /// No call names a thread; `makePool` comes first.
    Pool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(10),
            wait: Duration::from_millis(50),
            echo: "from afar".to_owned(),
            own_threads: true,
            dispatch: Dispatch::Named,
            txids: vec![[0x11; 32]],
            wtxids: vec![[0x22; 32]],
            rpc: r#"{"jsonrpc":"2.0","id":1,"method":"getblockcount","params":[]}"#.to_owned(),
        }
    }
}

impl Plan {
    /// The wait in milliseconds, the wire's unit.
    pub(crate) fn wait_ms(&self) -> f64 {
        self.wait.as_secs_f64() * 1000.0
    }

    /// A wait that is interrupted long before it ends, but ends within a step, in milliseconds.
    pub(crate) fn long_ms(&self) -> f64 {
        self.step.as_secs_f64() * 500.0
    }

    /// Awaits one step and puts its name before the error's text.
    pub(crate) async fn step<T, E: Display>(
        &self,
        name: &str,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        match tokio::time::timeout(self.step, step).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(format!("{name}: {error}")),
            Err(_) => Err(format!("{name}: no answer within {:?}", self.step)),
        }
    }
}
