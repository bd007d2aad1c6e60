//! Every name that generated code might use by accident means something else here.

/// What stands in the way.
pub mod names {
    #![allow(non_camel_case_types, non_upper_case_globals, unused)]
    macro_rules! hostile {
        ($($name:ident)*) => {$(
            /// Not what it seems.
            #[derive(Debug)]
            pub struct $name;
        )*};
    }
    // `Box` is missing: `async_trait`, which writes the signatures of asynchronous methods, names it
    // bare.
    hostile! {
        Result Option Vec Arc String Some None Ok Err Default Send Sync Sized Clone Copy Drop Fn FnMut
        Iterator Into From Error Future Pin PhantomData Field Fields StructNode MethodNode FileNode
        Interface Proxy Call Reply BuildField ReadField WireType BuildContext ReadContext Home Handle
        mp_runtime std core alloc
    }
    /// Not what it seems.
    pub trait Interfaces {}
}

/// The interfaces, in a module where the names above are in scope.
pub mod interfaces {
    // Macros and prelude names that generated code must not rely on.
    #[allow(unused_imports)]
    use super::names::*;
    use ::mp_runtime::{IpcEnum, IpcStruct, ipc_file, ipc_interface};

    /// A macro with a tempting name.
    #[allow(unused_macros)]
    macro_rules! vec {
        () => {
            compile_error!("the wrong macro")
        };
    }
    #[allow(unused_macros)]
    macro_rules! format {
        ($($t:tt)*) => {
            compile_error!("the wrong macro")
        };
    }
    #[allow(unused_macros)]
    macro_rules! panic {
        ($($t:tt)*) => {
            compile_error!("the wrong macro")
        };
    }

    ipc_file! {
        /// The file.
        pub static HOSTILE: "hostile.capnp" @ 0xc0ffee00c0ffee01;
    }

    /// A struct whose fields are named like parts of the generated code.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, IpcStruct)]
    #[ipc(file = HOSTILE)]
    pub struct Values {
        /// A field.
        pub fields: i32,
        /// A field.
        pub out: ::std::string::String,
        /// A field.
        pub input: ::core::option::Option<u8>,
        /// A field.
        pub cx: ::std::vec::Vec<Kind>,
        /// A field.
        pub r#type: Shape,
        /// A field.
        #[ipc(skip)]
        pub node: bool,
        /// A field.
        pub wire: Couple<::std::string::String, ::std::vec::Vec<u8>>,
    }

    /// A generic struct whose parameters are named like those of generated code.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, IpcStruct)]
    #[ipc(file = HOSTILE, generic)]
    pub struct Couple<T, M> {
        /// One.
        pub a: T,
        /// The other.
        pub m: M,
    }

    /// An enum that travels as a number.
    #[derive(
        ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq, IpcEnum,
    )]
    pub enum Kind {
        /// Like the prelude's.
        None,
        /// Like the prelude's.
        Some,
    }

    /// A union.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, IpcStruct)]
    pub enum Shape {
        /// Like the prelude's.
        Ok,
        /// Like the prelude's.
        Err(u32),
        /// A group.
        Both {
            /// A value.
            error: i64,
            /// A value.
            result: bool,
        },
    }

    /// A closure.
    #[ipc_interface(file = HOSTILE, callback)]
    pub trait Each: ::core::marker::Send + ::core::marker::Sync {
        /// Calls it.
        fn call(&self, result: i32) -> ::mp_runtime::Result<i32>;
    }

    /// An interface whose parameters are named like variables of generated code.
    #[ipc_interface(file = HOSTILE, construct)]
    pub trait Hostile: ::core::marker::Send + ::core::marker::Sync {
        /// A method.
        #[allow(clippy::too_many_arguments)]
        fn all(
            &self,
            call: i32,
            reply: i32,
            context: i32,
            params: i32,
            out: &mut i32,
            result: &str,
            error: &[u8],
            this: Values,
            r#fn: &dyn Each,
        ) -> ::mp_runtime::Result<Values>;
        /// A method.
        fn closure(
            &self,
            #[ipc(callback = Each)] each: ::std::boxed::Box<
                dyn ::core::ops::Fn(i32) -> ::mp_runtime::Result<i32>
                    + ::core::marker::Send
                    + ::core::marker::Sync,
            >,
        ) -> ::mp_runtime::Result<i32>;
        /// A method.
        async fn later(
            &self,
            proxy: ::core::option::Option<::std::string::String>,
        ) -> ::mp_runtime::Result<u64>;
    }

    /// An implementation.
    #[derive(::core::fmt::Debug)]
    pub struct Implementation;

    #[ipc_interface]
    impl Hostile for Implementation {
        fn all(
            &self,
            call: i32,
            reply: i32,
            context: i32,
            params: i32,
            out: &mut i32,
            result: &str,
            error: &[u8],
            mut this: Values,
            r#fn: &dyn Each,
        ) -> ::mp_runtime::Result<Values> {
            *out += call + reply + context + params;
            this.fields = r#fn.call(i32::from(error[0]))?;
            this.out.push_str(result);
            ::core::result::Result::Ok(this)
        }

        fn closure(
            &self,
            each: ::std::boxed::Box<
                dyn ::core::ops::Fn(i32) -> ::mp_runtime::Result<i32>
                    + ::core::marker::Send
                    + ::core::marker::Sync,
            >,
        ) -> ::mp_runtime::Result<i32> {
            each(20)
        }

        async fn later(
            &self,
            proxy: ::core::option::Option<::std::string::String>,
        ) -> ::mp_runtime::Result<u64> {
            ::core::result::Result::Ok(proxy.map_or(0, |text| text.len() as u64))
        }
    }

    /// An implementation.
    #[derive(::core::fmt::Debug)]
    pub struct Double;

    impl Each for Double {
        fn call(&self, result: i32) -> ::mp_runtime::Result<i32> {
            ::core::result::Result::Ok(result * 2)
        }
    }
}

/// Calls every method, and panics when one gives a wrong answer.
pub fn run() {
    use interfaces::{Couple, Double, Hostile, Implementation, Kind, Shape, Values};
    let event_loop = mp_runtime::EventLoop::new("hygiene").expect("an event loop");
    let (remote, _served) = mp_runtime::pair::<dyn Hostile>(&event_loop, std::sync::Arc::new(Implementation));
    let values = Values {
        fields: 0,
        out: "a".into(),
        input: Some(7),
        cx: vec![Kind::None, Kind::Some],
        r#type: Shape::Both { error: -1, result: true },
        node: false,
        wire: Couple { a: "b".into(), m: vec![1, 2] },
    };
    let mut out = 100;
    let answer = remote.all(1, 2, 3, 4, &mut out, "bc", &[21], values.clone(), &Double);
    assert_eq!(answer, Ok(Values { fields: 42, out: "abc".into(), ..values }));
    assert_eq!(out, 110);
    assert_eq!(remote.closure(Box::new(|number| Ok(number + 1))), Ok(21));
}
