//! Where a value goes: in, out, in and out, out if wanted; and conversions of the user's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use mp_runtime::{Error, ErrorKind, IpcStruct, Origin, Remote, Result, ipc_interface};

/// A percentage, which is no more than 100. It knows nothing of the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Percent(u32);

/// Percentages as whole numbers.
mod percent {
    use super::{Error, Percent, Result};

    pub(super) type Wire = u32;

    pub(super) fn build(value: &Percent) -> Result<Wire> {
        check(value.0)
    }

    pub(super) fn read(wire: Wire) -> Result<Percent> {
        check(wire).map(Percent)
    }

    fn check(value: u32) -> Result<u32> {
        if value > 100 { Err(Error::bad_value(format!("{value} is no percentage"))) } else { Ok(value) }
    }
}

/// Percentages without their check, as a careless program would send them.
mod unchecked {
    use super::{Percent, Result};

    pub(super) type Wire = u32;

    pub(super) fn build(value: &Percent) -> Result<Wire> {
        Ok(value.0)
    }

    pub(super) fn read(wire: Wire) -> Result<Percent> {
        Ok(Percent(wire))
    }
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct Report {
    name: String,
    #[ipc(with = percent)]
    done: Percent,
}

#[ipc_interface(file = "directions.capnp", file_id = 0xd1b2_0000_0000_0007, construct)]
trait Directions: Send + Sync {
    fn divide(
        &self,
        dividend: i32,
        divisor: i32,
        #[ipc(out)] rest: &mut i32,
        #[ipc(out)] text: &mut String,
    ) -> Result<i32>;
    fn append(&self, list: &mut Vec<String>, map: &mut BTreeMap<i32, String>, item: &str) -> Result<()>;
    fn wanted(
        &self,
        #[ipc(want)] number: Option<&mut i32>,
        #[ipc(want)] text: Option<&mut String>,
    ) -> Result<(bool, bool)>;
    fn optional(&self, value: &mut Option<i32>, #[ipc(out)] before: &mut Option<i32>) -> Result<()>;
    #[ipc(result(with = percent))]
    fn add(&self, #[ipc(with = percent)] a: Percent, #[ipc(with = unchecked)] b: Percent) -> Result<Percent>;
    fn finish(&self, #[ipc(with = percent)] value: &mut Percent) -> Result<()>;
    fn pass_report(&self, report: Report) -> Result<Report>;
    #[ipc(exception)]
    fn take(&self, from: &mut Vec<i32>, #[ipc(out)] item: &mut i32) -> Result<Result<usize, String>>;
    async fn divide_later(&self, dividend: i32, divisor: i32, #[ipc(out)] rest: &mut i32) -> Result<i32>;
}

struct Implementation;

#[ipc_interface]
impl Directions for Implementation {
    fn divide(&self, dividend: i32, divisor: i32, rest: &mut i32, text: &mut String) -> Result<i32> {
        assert_eq!((*rest, text.as_str()), (0, ""), "an output starts as its default");
        let quotient = dividend.checked_div(divisor).ok_or_else(|| Error::failed("division by zero"))?;
        *rest = dividend % divisor;
        *text = format!("{dividend}/{divisor}");
        Ok(quotient)
    }

    fn append(&self, list: &mut Vec<String>, map: &mut BTreeMap<i32, String>, item: &str) -> Result<()> {
        map.insert(map.len() as i32, item.into());
        list.push(item.into());
        Ok(())
    }

    fn wanted(&self, number: Option<&mut i32>, text: Option<&mut String>) -> Result<(bool, bool)> {
        let wanted = (number.is_some(), text.is_some());
        if let Some(number) = number {
            *number = 5;
        }
        if let Some(text) = text {
            *text = "five".into();
        }
        Ok(wanted)
    }

    fn optional(&self, value: &mut Option<i32>, before: &mut Option<i32>) -> Result<()> {
        *before = *value;
        *value = if value.is_some() { None } else { Some(0) };
        Ok(())
    }

    fn add(&self, a: Percent, b: Percent) -> Result<Percent> {
        Ok(Percent(a.0 + b.0))
    }

    fn finish(&self, value: &mut Percent) -> Result<()> {
        *value = Percent(100);
        Ok(())
    }

    fn pass_report(&self, report: Report) -> Result<Report> {
        Ok(report)
    }

    fn take(&self, from: &mut Vec<i32>, item: &mut i32) -> Result<Result<usize, String>> {
        Ok(match from.pop() {
            Some(last) => {
                *item = last;
                Ok(from.len())
            }
            None => Err("nothing is left".into()),
        })
    }

    async fn divide_later(&self, dividend: i32, divisor: i32, rest: &mut i32) -> Result<i32> {
        self.divide(dividend, divisor, rest, &mut String::new())
    }
}

fn connect() -> Remote<dyn Directions> {
    crate::connected::<dyn Directions>(Arc::new(Implementation))
}

#[test]
fn an_output_comes_back_and_does_not_go_out() {
    let peer = connect();
    let (mut rest, mut text) = (77, "before".to_owned());
    assert_eq!(peer.divide(-7, 2, &mut rest, &mut text), Ok(-3));
    assert_eq!((rest, text.as_str()), (-1, "-7/2"));
    let mut rest = 77;
    assert_eq!(crate::wait(peer.divide_later(9, 4, &mut rest)), Ok(2));
    assert_eq!(rest, 1);
}

#[test]
fn outputs_stay_as_they_were_when_the_call_fails() {
    let peer = connect();
    let (mut rest, mut text) = (77, "before".to_owned());
    assert_eq!(peer.divide(1, 0, &mut rest, &mut text).unwrap_err().text(), "division by zero");
    assert_eq!((rest, text.as_str()), (77, "before"));
}

#[test]
fn a_value_goes_out_and_comes_back() {
    let peer = connect();
    let mut list = vec!["a".to_owned()];
    let mut map = BTreeMap::from([(-1, "x".to_owned())]);
    peer.append(&mut list, &mut map, "b").unwrap();
    assert_eq!(list, ["a", "b"]);
    assert_eq!(map, BTreeMap::from([(-1, "x".to_owned()), (1, "b".to_owned())]));
    let (mut value, mut before) = (Some(3), None);
    peer.optional(&mut value, &mut before).unwrap();
    assert_eq!((value, before), (None, Some(3)));
    peer.optional(&mut value, &mut before).unwrap();
    assert_eq!((value, before), (Some(0), None));
}

#[test]
fn the_peer_learns_which_outputs_are_wanted() {
    let peer = connect();
    let (mut number, mut text) = (0, String::new());
    assert_eq!(peer.wanted(Some(&mut number), Some(&mut text)), Ok((true, true)));
    assert_eq!((number, text.as_str()), (5, "five"));
    let mut number = 0;
    assert_eq!(peer.wanted(Some(&mut number), None), Ok((true, false)));
    assert_eq!(number, 5);
    assert_eq!(peer.wanted(None, None), Ok((false, false)));
}

#[test]
fn outputs_and_a_declared_error_exclude_each_other() {
    let peer = connect();
    let (mut list, mut item) = (vec![8], 0);
    assert_eq!(peer.take(&mut list, &mut item), Ok(Ok(0)));
    assert_eq!((list.as_slice(), item), (&[][..], 8));
    assert_eq!(peer.take(&mut list, &mut item), Ok(Err("nothing is left".into())));
    assert_eq!((list.as_slice(), item), (&[][..], 8), "an error changes no output");
}

#[test]
fn a_conversion_that_refuses_a_value_names_its_field() {
    let peer = connect();
    assert_eq!(peer.add(Percent(40), Percent(60)), Ok(Percent(100)));
    let mut value = Percent(0);
    peer.finish(&mut value).unwrap();
    assert_eq!(value, Percent(100));

    let error = peer.add(Percent(101), Percent(0)).unwrap_err();
    assert_eq!((error.kind(), error.origin(), error.field()), (ErrorKind::BadValue, Origin::Local, "a"));
    assert_eq!(error.text(), "101 is no percentage");

    let report = Report { name: "late".into(), done: Percent(300) };
    let error = peer.pass_report(report).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadValue, "report.done"));
    let fine = Report { name: "early".into(), done: Percent(1) };
    assert_eq!(peer.pass_report(fine.clone()), Ok(fine));
}

#[test]
fn a_conversion_that_refuses_a_result_names_it_to_the_caller() {
    let error = connect().add(Percent(100), Percent(1)).unwrap_err();
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Failed, Origin::Remote));
    assert!(error.text().contains("field `result`: 101 is no percentage"), "{error}");
}
