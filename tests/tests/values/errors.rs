//! Declared errors, beside the connection's own and in one type with them.

use std::sync::Arc;

use mp_runtime::schema::{Schema, interface};
use mp_runtime::{Error, ErrorKind, IpcEnum, IpcStruct, Result, ipc_file, ipc_interface};

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub enum ShopError {
    NotFound(u32),
    SoldOut {
        left: Option<u8>,
    },
    /// The connection, or the shop, broke.
    Ipc(String),
}

impl From<Error> for ShopError {
    fn from(error: Error) -> Self {
        ShopError::Ipc(error.to_string())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
pub enum Refusal {
    Closed,
    Gone,
}

impl From<Error> for Refusal {
    fn from(_: Error) -> Self {
        Refusal::Gone
    }
}

#[ipc_interface(file = "errors.capnp", file_id = 0xe5a1_0000_0000_0011)]
pub trait Errors: Send + Sync {
    #[ipc(exception)]
    fn flat(&self, v: u32) -> std::result::Result<u32, ShopError>;
    #[ipc(exception)]
    fn nested(&self, v: u32) -> Result<std::result::Result<u32, ShopError>>;
    #[ipc(exception(name = "refusal"))]
    async fn nothing(&self, v: u32, #[ipc(out)] doubled: &mut u32) -> std::result::Result<(), Refusal>;
    fn own(&self, v: u32) -> std::result::Result<u32, Error>;
}

ipc_file! {
    static NESTED: "nested/errors.capnp" @ 0xe5a1_0000_0000_0011;
}

/// The same on the wire, with the errors nested.
#[ipc_interface(file = NESTED, name = "Errors")]
pub trait NestedErrors: Send + Sync {
    #[ipc(exception)]
    fn flat(&self, v: u32) -> Result<std::result::Result<u32, ShopError>>;
}

struct Shop;

#[ipc_interface]
impl Errors for Shop {
    fn flat(&self, v: u32) -> std::result::Result<u32, ShopError> {
        match v {
            0 => Err(ShopError::NotFound(7)),
            1 => Err(ShopError::SoldOut { left: Some(0) }),
            2 => panic!("no such price"),
            v => Ok(v),
        }
    }
    fn nested(&self, v: u32) -> Result<std::result::Result<u32, ShopError>> {
        if v == 2 { Err(Error::failed("closed")) } else { Ok(self.flat(v)) }
    }
    async fn nothing(&self, v: u32, doubled: &mut u32) -> std::result::Result<(), Refusal> {
        if v == 0 {
            return Err(Refusal::Closed);
        }
        *doubled = 2 * v;
        Ok(())
    }
    fn own(&self, v: u32) -> std::result::Result<u32, Error> {
        if v == 0 { Err(Error::bad_value("none")) } else { Ok(v) }
    }
}

#[test]
fn a_declared_error_arrives_as_itself_here_and_there() {
    let remote = super::connected::<dyn Errors>(Arc::new(Shop));
    for v in [0, 1, 3] {
        assert_eq!(remote.flat(v), Shop.flat(v));
        assert_eq!(remote.nested(v), Shop.nested(v));
    }
    let Err(ShopError::Ipc(text)) = remote.flat(2) else { panic!("a panic is an error of the call") };
    assert!(text.contains("no such price"), "{text}");
    assert!(remote.nested(2).is_err_and(|error| error.text().contains("closed")));
    let (mut near, mut far) = (1, 1);
    for v in [0, 4] {
        let expected = super::wait(Shop.nothing(v, &mut near));
        assert_eq!(super::wait(remote.nothing(v, &mut far)), expected);
        assert_eq!(near, far);
    }
    assert_eq!(remote.own(0).map_err(|error| error.kind()), Err(ErrorKind::Failed));
    assert_eq!(remote.own(5), Ok(5));
}

#[test]
fn the_wire_does_not_show_whether_errors_are_flat() {
    let remote = super::connected_as::<dyn NestedErrors, dyn Errors>(Arc::new(Shop));
    assert_eq!(remote.flat(0), Ok(Err(ShopError::NotFound(7))));
    assert_eq!(remote.flat(3), Ok(Ok(3)));
    let schema = Schema::of(&[interface::<dyn Errors>()]).expect("a schema");
    let text = &schema.texts()[0].text;
    for line in [
        "flat @1 (context :Proxy.Context, v :UInt32) -> (result :UInt32, error :ShopError);",
        "nothing @3 (context :Proxy.Context, v :UInt32) -> (doubled :UInt32, refusal :Int32, hasRefusal :Bool);",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[test]
fn a_broken_connection_is_an_error_of_the_users_type() {
    let remote = super::connected::<dyn Errors>(Arc::new(Shop));
    remote.connection().close();
    assert!(matches!(remote.flat(3), Err(ShopError::Ipc(_))));
    let mut doubled = 0;
    assert_eq!(super::wait(remote.nothing(3, &mut doubled)), Err(Refusal::Gone));
}
