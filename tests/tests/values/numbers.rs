//! Numbers, characters, text, bytes, times, paths.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mp_runtime::{ErrorKind, Result, ipc_file, ipc_interface, with};

#[ipc_interface(file = "values.capnp", file_id = 0xe5a1_0000_0000_0001)]
pub trait Numbers: Send + Sync {
    fn i8(&self, v: i8) -> Result<i8>;
    fn i16(&self, v: i16) -> Result<i16>;
    fn i32(&self, v: i32) -> Result<i32>;
    fn i64(&self, v: i64) -> Result<i64>;
    fn u8(&self, v: u8) -> Result<u8>;
    fn u16(&self, v: u16) -> Result<u16>;
    fn u32(&self, v: u32) -> Result<u32>;
    fn u64(&self, v: u64) -> Result<u64>;
    fn usize(&self, v: usize) -> Result<usize>;
    fn isize(&self, v: isize) -> Result<isize>;
    fn f32(&self, v: f32) -> Result<f32>;
    fn f64(&self, v: f64) -> Result<f64>;
    fn bool(&self, v: bool) -> Result<bool>;
    fn char(&self, v: char) -> Result<char>;
    fn string(&self, v: String) -> Result<String>;
    fn text(&self, v: &str) -> Result<String>;
    fn bytes(&self, v: Vec<u8>) -> Result<Vec<u8>>;
    fn slice(&self, v: &[u8]) -> Result<Vec<u8>>;
    fn hash(&self, v: [u8; 32]) -> Result<[u8; 32]>;
    fn triple(&self, v: [i16; 3]) -> Result<[i16; 3]>;
    fn duration(&self, v: Duration) -> Result<Duration>;
    fn time(&self, v: SystemTime) -> Result<SystemTime>;
    #[ipc(result(with = with::seconds))]
    fn seconds(&self, #[ipc(with = with::seconds)] v: Duration) -> Result<Duration>;
    fn path(&self, v: &Path) -> Result<PathBuf>;
    fn nothing(&self, v: ()) -> Result<()>;
    fn with_defaults(
        &self,
        #[ipc(default = 7)] a: i32,
        #[ipc(default = true)] b: bool,
        #[ipc(default = -1.5)] c: f64,
    ) -> Result<String>;
    /// Gives back a hash of the wrong length, because the wire does not say the length.
    #[ipc(name = "hash2")]
    fn wrong_hash(&self, length: u32) -> Result<Vec<u8>>;
}

ipc_file! {
    static OTHER_VALUES: "other/values.capnp" @ 0xe5a1_0000_0000_0001;
}

/// The same interface as `Numbers` on the wire, whose types are narrower or wider, so that values
/// arrive which do not fit.
#[ipc_interface(file = OTHER_VALUES, name = "Numbers")]
pub trait OtherNumbers: Send + Sync {
    #[ipc(ordinal = 1)]
    fn i8(&self, v: i8) -> Result<Narrow>;
    #[ipc(ordinal = 2, deprecated)]
    fn unused2(&self) -> Result<()>;
    #[ipc(ordinal = 3, deprecated)]
    fn unused3(&self) -> Result<()>;
}

/// An enum that knows two of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, mp_runtime::IpcEnum)]
#[ipc(wire = Int8)]
pub enum Narrow {
    One = 1,
    Two = 2,
}

struct Echo;

impl Numbers for Echo {
    fn i8(&self, v: i8) -> Result<i8> {
        Ok(v)
    }
    fn i16(&self, v: i16) -> Result<i16> {
        Ok(v)
    }
    fn i32(&self, v: i32) -> Result<i32> {
        Ok(v)
    }
    fn i64(&self, v: i64) -> Result<i64> {
        Ok(v)
    }
    fn u8(&self, v: u8) -> Result<u8> {
        Ok(v)
    }
    fn u16(&self, v: u16) -> Result<u16> {
        Ok(v)
    }
    fn u32(&self, v: u32) -> Result<u32> {
        Ok(v)
    }
    fn u64(&self, v: u64) -> Result<u64> {
        Ok(v)
    }
    fn usize(&self, v: usize) -> Result<usize> {
        Ok(v)
    }
    fn isize(&self, v: isize) -> Result<isize> {
        Ok(v)
    }
    fn f32(&self, v: f32) -> Result<f32> {
        Ok(v)
    }
    fn f64(&self, v: f64) -> Result<f64> {
        Ok(v)
    }
    fn bool(&self, v: bool) -> Result<bool> {
        Ok(v)
    }
    fn char(&self, v: char) -> Result<char> {
        Ok(v)
    }
    fn string(&self, v: String) -> Result<String> {
        Ok(v)
    }
    fn text(&self, v: &str) -> Result<String> {
        Ok(v.to_owned())
    }
    fn bytes(&self, v: Vec<u8>) -> Result<Vec<u8>> {
        Ok(v)
    }
    fn slice(&self, v: &[u8]) -> Result<Vec<u8>> {
        Ok(v.to_vec())
    }
    fn hash(&self, v: [u8; 32]) -> Result<[u8; 32]> {
        Ok(v)
    }
    fn triple(&self, v: [i16; 3]) -> Result<[i16; 3]> {
        Ok(v)
    }
    fn duration(&self, v: Duration) -> Result<Duration> {
        Ok(v)
    }
    fn time(&self, v: SystemTime) -> Result<SystemTime> {
        Ok(v)
    }
    fn seconds(&self, v: Duration) -> Result<Duration> {
        Ok(v)
    }
    fn path(&self, v: &Path) -> Result<PathBuf> {
        Ok(v.to_owned())
    }
    fn nothing(&self, v: ()) -> Result<()> {
        Ok(v)
    }
    fn with_defaults(&self, a: i32, b: bool, c: f64) -> Result<String> {
        Ok(format!("{a} {b} {c}"))
    }
    fn wrong_hash(&self, length: u32) -> Result<Vec<u8>> {
        Ok(vec![0; length as usize])
    }
}

fn echo() -> mp_runtime::Remote<dyn Numbers> {
    super::connected(Arc::new(Echo))
}

#[test]
fn whole_numbers_keep_their_ends() {
    let echo = echo();
    for v in [i8::MIN, -1, 0, 1, i8::MAX] {
        assert_eq!(echo.i8(v), Ok(v));
    }
    for v in [i16::MIN, -1, 0, 1, i16::MAX] {
        assert_eq!(echo.i16(v), Ok(v));
    }
    for v in [i32::MIN, -1, 0, 1, i32::MAX] {
        assert_eq!(echo.i32(v), Ok(v));
    }
    for v in [i64::MIN, -1, 0, 1, i64::MAX] {
        assert_eq!(echo.i64(v), Ok(v));
    }
    for v in [0, 1, u8::MAX] {
        assert_eq!(echo.u8(v), Ok(v));
    }
    for v in [0, 1, u16::MAX] {
        assert_eq!(echo.u16(v), Ok(v));
    }
    for v in [0, 1, u32::MAX] {
        assert_eq!(echo.u32(v), Ok(v));
    }
    for v in [0, 1, u64::MAX] {
        assert_eq!(echo.u64(v), Ok(v));
    }
    for v in [0, 1, usize::MAX] {
        assert_eq!(echo.usize(v), Ok(v));
    }
    for v in [isize::MIN, 0, isize::MAX] {
        assert_eq!(echo.isize(v), Ok(v));
    }
}

#[test]
fn floats_keep_their_bits() {
    let echo = echo();
    for v in [0.0, -0.0, 1.5, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(echo.f32(v).map(f32::to_bits), Ok(v.to_bits()));
    }
    for bits in [0, 1 << 63, 0x7ff8_0000_0000_1234, 0x7ff0_0000_0000_0000, 0x3ff8_0000_0000_0000] {
        assert_eq!(echo.f64(f64::from_bits(bits)).map(f64::to_bits), Ok(bits));
    }
}

#[test]
fn text_and_bytes_are_kept_as_they_are() {
    let echo = echo();
    for v in [true, false] {
        assert_eq!(echo.bool(v), Ok(v));
    }
    for v in ['a', '\0', '₿', char::MAX] {
        assert_eq!(echo.char(v), Ok(v));
    }
    for v in ["", "bitcoin", "₿\0\n"] {
        assert_eq!(echo.string(v.into()).as_deref(), Ok(v));
        assert_eq!(echo.text(v).as_deref(), Ok(v));
    }
    for v in [&[][..], &[0], &[0, 255, 10, 0]] {
        assert_eq!(echo.bytes(v.to_vec()).as_deref(), Ok(v));
        assert_eq!(echo.slice(v).as_deref(), Ok(v));
    }
    let hash = std::array::from_fn(|index| index as u8);
    assert_eq!(echo.hash(hash), Ok(hash));
    assert_eq!(echo.triple([-1, 0, 1]), Ok([-1, 0, 1]));
    assert_eq!(echo.nothing(()), Ok(()));
}

#[test]
fn times_are_kept_to_the_nanosecond_and_paths_to_the_byte() {
    use std::os::unix::ffi::OsStrExt;
    let echo = echo();
    for v in [Duration::ZERO, Duration::from_nanos(1), Duration::from_nanos(i64::MAX as u64)] {
        assert_eq!(echo.duration(v), Ok(v));
    }
    let now = SystemTime::now();
    for v in [SystemTime::UNIX_EPOCH, now, SystemTime::UNIX_EPOCH - Duration::from_nanos(5)] {
        assert_eq!(echo.time(v), Ok(v));
    }
    assert_eq!(echo.seconds(Duration::from_secs(90)), Ok(Duration::from_secs(90)));
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff\xfe"));
    assert_eq!(echo.path(path).as_deref(), Ok(path));
}

#[test]
fn a_value_that_does_not_fit_is_an_error_that_names_its_field() {
    let echo = echo();
    let error = echo.duration(Duration::MAX).expect_err("too long");
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadValue, "v"));
    assert!(error.to_string().starts_with("Numbers.duration: bad value: field `v`:"), "{error}");
    // The connection and the object are as they were.
    assert_eq!(echo.i32(1), Ok(1));
}

#[test]
fn a_default_goes_unseen_and_other_values_too() {
    let echo = echo();
    assert_eq!(echo.with_defaults(7, true, -1.5).as_deref(), Ok("7 true -1.5"));
    assert_eq!(echo.with_defaults(0, false, 0.0).as_deref(), Ok("0 false 0"));
    assert_eq!(echo.with_defaults(-7, true, f64::MAX), Ok(format!("-7 true {}", f64::MAX)));
}

#[test]
fn an_unknown_enum_value_is_an_error_that_names_its_field() {
    let (near, far) = std::os::unix::net::UnixStream::pair().expect("a socket pair");
    let event_loop = mp_runtime::EventLoop::new("values").expect("an event loop");
    mp_runtime::serve_stream::<dyn Numbers>(&event_loop, far, Arc::new(Echo));
    let other = mp_runtime::connect_stream::<dyn OtherNumbers>(&event_loop, near);
    assert_eq!(other.i8(2), Ok(Narrow::Two));
    let error = other.i8(3).expect_err("no such variant");
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadValue, "result"));
    assert_eq!(error.text(), "3 is no Narrow");
    assert_eq!(other.i8(1), Ok(Narrow::One));
}
