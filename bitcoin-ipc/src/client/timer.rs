//! Time, for futures that run in any executor: the timers tick on the event loop.

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use mp_runtime::{Error, ErrorKind, EventLoop, Result};
use tokio::sync::oneshot;

/// Resolves after `duration`.
pub(super) async fn sleep(event_loop: &EventLoop, duration: Duration) {
    let (sender, receiver) = oneshot::channel();
    event_loop.spawn_task(async move {
        let mut sender: oneshot::Sender<()> = sender;
        // Nobody waits any more when the receiver is gone.
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = sender.closed() => {}
        }
    });
    let _ = receiver.await;
}

/// Awaits `call`, at most for `limit`.
pub(super) async fn within<T>(
    event_loop: &EventLoop,
    limit: Option<Duration>,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(limit) = limit else { return call.await };
    let timer = std::pin::pin!(sleep(event_loop, limit));
    match select(std::pin::pin!(call), timer).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => {
            Err(Error::new(ErrorKind::Timeout, format!("the node has not answered within {limit:?}")))
        }
    }
}
