//! The forms of an `Option`, and outputs that may be missing.

use std::sync::Arc;

use mp_runtime::{IpcStruct, Result, ipc_interface};

/// Every form as a field.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub struct Optionals {
    pub number: Option<u32>,
    pub flag: Option<bool>,
    pub text: Option<String>,
    pub bytes: Option<Vec<u8>>,
    pub list: Option<Vec<i32>>,
    pub nested: Option<Box<Optionals>>,
    #[ipc(optional = flag)]
    pub flagged_text: Option<String>,
    #[ipc(optional = null)]
    pub null_text: Option<String>,
    pub transactions: Vec<Option<Vec<u8>>>,
}

#[ipc_interface(file = "values.capnp", file_id = 0xe5a1_0000_0000_0001)]
pub trait OptionalsEcho: Send + Sync {
    fn number(&self, v: Option<i64>) -> Result<Option<i64>>;
    fn boolean(&self, v: Option<bool>) -> Result<Option<bool>>;
    fn text(&self, v: Option<String>) -> Result<Option<String>>;
    fn text_ref(&self, v: Option<&str>) -> Result<Option<String>>;
    fn bytes_ref(&self, v: Option<&[u8]>) -> Result<Option<Vec<u8>>>;
    #[ipc(result(optional = flag))]
    fn flagged(&self, #[ipc(optional = flag)] v: Option<String>) -> Result<Option<String>>;
    fn structure(&self, v: &Optionals) -> Result<Optionals>;
    fn list(&self, v: Vec<Option<String>>) -> Result<Vec<Option<String>>>;
    fn outputs(
        &self,
        #[ipc(out)] a: &mut i32,
        b: &mut String,
        #[ipc(want)] c: Option<&mut Vec<u8>>,
    ) -> Result<bool>;
    fn optional_output(&self, #[ipc(out)] a: &mut Option<i32>) -> Result<()>;
}

struct Echo;

impl OptionalsEcho for Echo {
    fn number(&self, v: Option<i64>) -> Result<Option<i64>> {
        Ok(v)
    }
    fn boolean(&self, v: Option<bool>) -> Result<Option<bool>> {
        Ok(v)
    }
    fn text(&self, v: Option<String>) -> Result<Option<String>> {
        Ok(v)
    }
    fn text_ref(&self, v: Option<&str>) -> Result<Option<String>> {
        Ok(v.map(str::to_owned))
    }
    fn bytes_ref(&self, v: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
        Ok(v.map(<[u8]>::to_vec))
    }
    fn flagged(&self, v: Option<String>) -> Result<Option<String>> {
        Ok(v)
    }
    fn structure(&self, v: &Optionals) -> Result<Optionals> {
        Ok(v.clone())
    }
    fn list(&self, v: Vec<Option<String>>) -> Result<Vec<Option<String>>> {
        Ok(v)
    }
    fn outputs(&self, a: &mut i32, b: &mut String, c: Option<&mut Vec<u8>>) -> Result<bool> {
        *a = 42;
        b.push('!');
        let wanted = c.is_some();
        if let Some(c) = c {
            c.push(1);
        }
        Ok(wanted)
    }
    fn optional_output(&self, a: &mut Option<i32>) -> Result<()> {
        assert_eq!(*a, None, "an output arrives empty");
        *a = Some(0);
        Ok(())
    }
}

fn echo() -> mp_runtime::Remote<dyn OptionalsEcho> {
    super::connected(Arc::new(Echo))
}

#[test]
fn none_is_not_the_default_value() {
    let echo = echo();
    for v in [None, Some(0), Some(-1)] {
        assert_eq!(echo.number(v), Ok(v));
    }
    for v in [None, Some(false), Some(true)] {
        assert_eq!(echo.boolean(v), Ok(v));
    }
    for v in [None, Some(""), Some("text")] {
        assert_eq!(echo.text(v.map(str::to_owned)), Ok(v.map(str::to_owned)));
        assert_eq!(echo.text_ref(v), Ok(v.map(str::to_owned)));
        assert_eq!(echo.flagged(v.map(str::to_owned)), Ok(v.map(str::to_owned)));
    }
    for v in [None, Some(&[][..]), Some(&[0][..])] {
        assert_eq!(echo.bytes_ref(v), Ok(v.map(<[u8]>::to_vec)));
    }
}

#[test]
fn optional_fields_are_each_on_their_own() {
    let echo = echo();
    let none = Optionals::default();
    assert_eq!(echo.structure(&none), Ok(none.clone()));
    let zero = Optionals {
        number: Some(0),
        flag: Some(false),
        text: Some(String::new()),
        bytes: Some(vec![]),
        list: Some(vec![]),
        nested: Some(Box::new(none)),
        flagged_text: Some(String::new()),
        null_text: Some(String::new()),
        transactions: vec![None, Some(vec![7])],
    };
    assert_eq!(echo.structure(&zero), Ok(zero));
}

#[test]
fn empty_bytes_that_a_reader_would_take_for_none_are_not_written() {
    let optionals = Optionals { transactions: vec![None, Some(vec![])], ..Optionals::default() };
    let error = echo().structure(&optionals).expect_err("a value that would be another one");
    assert_eq!(error.kind(), mp_runtime::ErrorKind::BadValue);
    assert!(error.to_string().contains("`v.transactions[1]`: empty bytes"), "{error}");
}

#[test]
fn a_list_may_have_holes() {
    let list = vec![Some("a".to_owned()), None, Some(String::new())];
    assert_eq!(echo().list(list.clone()), Ok(list));
}

#[test]
fn outputs_come_back_and_those_not_wanted_do_not() {
    let echo = echo();
    let (mut a, mut b, mut c) = (1, "hi".to_owned(), vec![9]);
    assert_eq!(echo.outputs(&mut a, &mut b, Some(&mut c)), Ok(true));
    assert_eq!((a, b.as_str(), c.as_slice()), (42, "hi!", &[1][..]));
    assert_eq!(echo.outputs(&mut a, &mut b, None), Ok(false));
    assert_eq!(b, "hi!!");
    let mut output = Some(5);
    assert_eq!(echo.optional_output(&mut output), Ok(()));
    assert_eq!(output, Some(0));
}
