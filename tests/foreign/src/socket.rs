//! In: the path of a socket. Out: a system of calls over it, whose other end is the server.

use std::path::Path;

use tokio::net::UnixStream;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};
use types_v32::capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side, twoparty::VatNetwork};

/// Connects to a server. All the clients use the same release of capnp-rpc, so one function serves.
pub(crate) async fn connect(path: &Path) -> std::io::Result<RpcSystem<Side>> {
    let (reader, writer) = UnixStream::connect(path).await?.into_split();
    let network = VatNetwork::new(
        futures::io::BufReader::new(reader.compat()),
        futures::io::BufWriter::new(writer.compat_write()),
        Side::Client,
        Default::default(),
    );
    Ok(RpcSystem::new(Box::new(network), None))
}
