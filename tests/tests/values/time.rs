//! Durations and points in time, up to the ends of what 64 bits of their unit hold.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mp_runtime::{ErrorKind, Origin, Remote, Result, ipc_interface, with};

#[ipc_interface(file = "time.capnp", file_id = 0xd1b2_0000_0000_0003, construct)]
trait Times: Send + Sync {
    fn pass_duration(&self, span: Duration) -> Result<Duration>;
    fn pass_time(&self, time: SystemTime) -> Result<SystemTime>;
    fn pass_options(
        &self,
        span: Option<Duration>,
        time: Option<SystemTime>,
    ) -> Result<(Option<Duration>, Option<SystemTime>)>;
    #[ipc(result(with = with::seconds))]
    fn pass_seconds(&self, #[ipc(with = with::seconds)] span: Duration) -> Result<Duration>;
    #[ipc(result(with = with::milliseconds))]
    fn pass_milliseconds(&self, #[ipc(with = with::milliseconds)] span: Duration) -> Result<Duration>;
    #[ipc(result(with = with::microseconds))]
    fn pass_microseconds(&self, #[ipc(with = with::microseconds)] span: Duration) -> Result<Duration>;
    #[ipc(result(with = with::milliseconds_or_forever))]
    fn pass_patience(
        &self,
        #[ipc(with = with::milliseconds_or_forever)] span: Option<Duration>,
    ) -> Result<Option<Duration>>;
}

struct Echo;

#[rustfmt::skip]
impl Times for Echo {
    fn pass_duration(&self, span: Duration) -> Result<Duration> { Ok(span) }
    fn pass_time(&self, time: SystemTime) -> Result<SystemTime> { Ok(time) }
    fn pass_options(&self, span: Option<Duration>, time: Option<SystemTime>)
        -> Result<(Option<Duration>, Option<SystemTime>)> { Ok((span, time)) }
    fn pass_seconds(&self, span: Duration) -> Result<Duration> { Ok(span) }
    fn pass_milliseconds(&self, span: Duration) -> Result<Duration> { Ok(span) }
    fn pass_microseconds(&self, span: Duration) -> Result<Duration> { Ok(span) }
    fn pass_patience(&self, span: Option<Duration>) -> Result<Option<Duration>> { Ok(span) }
}

fn connect() -> Remote<dyn Times> {
    crate::connected::<dyn Times>(Arc::new(Echo))
}

const LONGEST: Duration = Duration::from_nanos(i64::MAX as u64);

#[test]
fn durations_keep_every_nanosecond() {
    let peer = connect();
    for span in [Duration::ZERO, Duration::from_nanos(1), Duration::new(3, 999_999_999), LONGEST] {
        assert_eq!(peer.pass_duration(span), Ok(span));
    }
}

#[test]
fn times_lie_before_and_after_1970() {
    let peer = connect();
    let epoch = SystemTime::UNIX_EPOCH;
    let first = epoch - LONGEST - Duration::from_nanos(1);
    for time in [epoch, epoch + LONGEST, first, epoch - Duration::from_nanos(1), SystemTime::now()] {
        assert_eq!(peer.pass_time(time), Ok(time));
    }
}

#[test]
fn optional_times_have_a_flag_so_that_zero_is_not_none() {
    let peer = connect();
    let zero = (Some(Duration::ZERO), Some(SystemTime::UNIX_EPOCH));
    assert_eq!(peer.pass_options(zero.0, zero.1), Ok(zero));
    assert_eq!(peer.pass_options(None, None), Ok((None, None)));
}

#[test]
fn coarser_units_drop_the_rest() {
    let peer = connect();
    let span = Duration::new(7, 123_456_789);
    assert_eq!(peer.pass_seconds(span), Ok(Duration::from_secs(7)));
    assert_eq!(peer.pass_milliseconds(span), Ok(Duration::from_millis(7_123)));
    assert_eq!(peer.pass_microseconds(span), Ok(Duration::from_micros(7_123_456)));
    let longest = Duration::from_secs(i64::MAX as u64);
    assert_eq!(peer.pass_seconds(longest), Ok(longest));
    assert_eq!(peer.pass_patience(None), Ok(None));
    assert_eq!(peer.pass_patience(Some(Duration::ZERO)), Ok(Some(Duration::ZERO)));
}

#[test]
fn what_64_bits_cannot_hold_is_refused_before_it_is_sent() {
    let peer = connect();
    let error = peer.pass_duration(LONGEST + Duration::from_nanos(1)).unwrap_err();
    assert_eq!((error.kind(), error.origin(), error.field()), (ErrorKind::BadValue, Origin::Local, "span"));
    assert_eq!((error.interface(), error.method()), (Some("Times"), Some("passDuration")));
    let error = peer.pass_seconds(Duration::MAX).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadValue, "span"));
    let late = SystemTime::UNIX_EPOCH + LONGEST + Duration::from_nanos(1);
    let error = peer.pass_time(late).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadValue, "time"));
    assert_eq!(peer.pass_duration(Duration::ZERO), Ok(Duration::ZERO), "the connection lives on");
}

#[test]
fn the_schema_says_what_is_counted() {
    let schema = mp_runtime::schema::Schema::of(&[mp_runtime::schema::interface::<dyn Times>()]);
    let text = &schema.expect("a schema").texts()[0].text;
    for line in [
        "\n  # `span` is in nanoseconds.\n  # `result` is in nanoseconds.\n",
        "\n  # `span` is in seconds.\n  # `result` is in seconds.\n",
        "\n  # `span` is in milliseconds.\n",
        "\n  # In nanoseconds since 1970, in UTC.\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}
