//! PLACEHOLDER
pub(crate) fn connect(path: &std::path::Path) -> std::io::Result<std::os::unix::net::UnixStream> {
    std::os::unix::net::UnixStream::connect(path)
}
