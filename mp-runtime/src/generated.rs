//! What generated code says of each interface alike.
//!
//! In: the name of a trait. Out: the implementations that only its name distinguishes from those of others.

/// How an object of a peer is held: `$hold` has it implement the trait, and `$proxy` asks an object whether it is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __proxied {
    ($hold:expr, $proxy:expr) => {
        fn boxed(proxy: $crate::private::Proxy) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new($hold(proxy))
        }

        fn shared(proxy: $crate::private::Proxy) -> ::std::sync::Arc<Self> {
            ::std::sync::Arc::new($hold(proxy))
        }

        fn proxy(&self) -> ::core::option::Option<&$crate::private::Proxy> {
            $proxy(self)
        }
    };
}

/// A proxy says that it is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_proxy {
    () => {
        fn __mp_proxy(&self) -> ::core::option::Option<&$crate::private::Proxy> {
            ::core::option::Option::Some(self)
        }
    };
}

/// As [`__is_proxy`], for what holds one.
#[doc(hidden)]
#[macro_export]
macro_rules! __holds_proxy {
    () => {
        fn __mp_proxy(&self) -> ::core::option::Option<&$crate::private::Proxy> {
            ::core::option::Option::Some(&self.0)
        }
    };
}

/// What holds an object of a trait asks that.
#[doc(hidden)]
#[macro_export]
macro_rules! __asks_for_proxy {
    ($Trait:ident) => {
        fn __mp_proxy(&self) -> ::core::option::Option<&$crate::private::Proxy> {
            $Trait::__mp_proxy(&*self.0)
        }
    };
}

/// An enum as a value on the wire, of the schema type `$type`.
#[doc(hidden)]
#[macro_export]
macro_rules! __enumeration {
    ($Enum:ident, $type:expr) => {
        impl<M: ?::core::marker::Sized> $crate::private::WireType<M> for $Enum {
            const SLOTS: $crate::private::Slots =
                <<$Enum as $crate::private::Enumeration>::Integer as $crate::private::WireType>::SLOTS;
            const TYPE: $crate::private::Type = $type;
        }

        impl<M: ?::core::marker::Sized> $crate::private::BuildField<M> for $Enum {
            fn build_field(
                &self,
                cx: &mut $crate::private::BuildContext<'_>,
                out: $crate::private::FieldBuilder<'_>,
            ) -> $crate::private::Done {
                let number = $crate::private::Enumeration::number(self);
                $crate::private::BuildField::<M>::build_field(&number, cx, out)
            }
        }

        impl<'a, M: ?::core::marker::Sized> $crate::private::ReadField<'a, M> for $Enum {
            fn read_field(
                cx: &$crate::private::ReadContext<'a>,
                input: $crate::private::FieldReader<'a>,
            ) -> $crate::private::Result<Self> {
                let number = $crate::private::ReadField::<'a, M>::read_field(cx, input)?;
                $crate::private::enumerant(number, ::core::stringify!($Enum))
            }
        }
    };
}

/// `Box<dyn Trait>` as a value on the wire: an object that is given away. (`Arc<dyn Trait>` needs nothing.)
#[doc(hidden)]
#[macro_export]
macro_rules! __boxed_interface {
    ($Trait:path) => {
        impl<M: ?::core::marker::Sized> $crate::private::WireType<M> for ::std::boxed::Box<dyn $Trait> {
            const SLOTS: $crate::private::Slots = $crate::private::Slots::one($crate::private::Slot::Pointer);
            const TYPE: $crate::private::Type =
                $crate::private::Type::Interface(|| <dyn $Trait as $crate::private::Interface>::NODE);
            const LENDABLE: ::core::primitive::bool = false;
        }

        impl<M: ?::core::marker::Sized> $crate::private::BuildField<M> for ::std::boxed::Box<dyn $Trait> {
            fn build_field(
                &self,
                _: &mut $crate::private::BuildContext<'_>,
                _: $crate::private::FieldBuilder<'_>,
            ) -> $crate::private::Result<()> {
                ::core::result::Result::Err($crate::private::not_lendable(::core::stringify!($Trait)))
            }

            fn build_owned(
                self,
                cx: &mut $crate::private::BuildContext<'_>,
                out: $crate::private::FieldBuilder<'_>,
            ) -> $crate::private::Result<()> {
                $crate::private::write_owned(self, cx, out)
            }
        }

        impl<'a, M: ?::core::marker::Sized> $crate::private::ReadField<'a, M>
            for ::std::boxed::Box<dyn $Trait>
        {
            fn read_field(
                cx: &$crate::private::ReadContext<'a>,
                input: $crate::private::FieldReader<'a>,
            ) -> $crate::private::Result<Self> {
                $crate::private::read_box(cx, input, |home: ::std::sync::Arc<dyn $Trait>| {
                    ::std::boxed::Box::new($crate::private::Home(home))
                })
            }
        }
    };
}

/// Any object of a trait as one of its blocking view, which is implemented for [`Blocking`](crate::private::Blocking).
#[doc(hidden)]
#[macro_export]
macro_rules! __blocking_of {
    ($vis:vis $View:ident, $Trait:ident) => {
        impl $crate::private::BlockingOf<dyn $Trait> for dyn $View {
            fn shared(
                object: ::std::sync::Arc<dyn $Trait>,
                event_loop: &$crate::EventLoop,
            ) -> ::std::sync::Arc<Self> {
                let event_loop = ::core::clone::Clone::clone(event_loop);
                ::std::sync::Arc::new($crate::private::Blocking { object, event_loop })
            }

            fn owned(
                object: ::std::boxed::Box<dyn $Trait>,
                event_loop: &$crate::EventLoop,
            ) -> ::std::boxed::Box<Self> {
                let object: ::std::sync::Arc<dyn $Trait> = ::core::convert::From::from(object);
                let event_loop = ::core::clone::Clone::clone(event_loop);
                ::std::boxed::Box::new($crate::private::Blocking { object, event_loop })
            }
        }

        impl dyn $View {
            /// The object with blocking calls, each of which is an error on a thread that must not wait: one that runs
            /// the tasks of an executor, or drives the event loop that the object needs.
            #[allow(dead_code)]
            $vis fn of(
                object: ::std::sync::Arc<dyn $Trait>,
                event_loop: &$crate::EventLoop,
            ) -> ::std::sync::Arc<Self> {
                $crate::private::BlockingOf::shared(object, event_loop)
            }
        }
    };
}

/// A boxed closure as a value on the wire, where it stands for an interface: `$serve` makes an object of it, and `$call`
/// a closure of an object of the peer.
#[doc(hidden)]
#[macro_export]
macro_rules! __boxed_closure {
    ($Trait:path, $Closure:ty, $serve:expr, $call:expr) => {
        impl $crate::private::WireType<dyn $Trait> for ::std::boxed::Box<$Closure> {
            const SLOTS: $crate::private::Slots = $crate::private::Slots::one($crate::private::Slot::Pointer);
            const TYPE: $crate::private::Type =
                $crate::private::Type::Interface(|| <dyn $Trait as $crate::private::Interface>::NODE);
            const LENDABLE: ::core::primitive::bool = false;
        }

        impl $crate::private::BuildField<dyn $Trait> for ::std::boxed::Box<$Closure> {
            fn build_field(
                &self,
                _: &mut $crate::private::BuildContext<'_>,
                _: $crate::private::FieldBuilder<'_>,
            ) -> $crate::private::Result<()> {
                ::core::result::Result::Err($crate::private::not_lendable(::core::stringify!($Trait)))
            }

            fn build_owned(
                self,
                cx: &mut $crate::private::BuildContext<'_>,
                out: $crate::private::FieldBuilder<'_>,
            ) -> $crate::private::Result<()> {
                let serve: fn(Self) -> ::std::boxed::Box<dyn $Trait> = $serve;
                $crate::private::write_owned(serve(self), cx, out)
            }
        }

        impl<'a> $crate::private::ReadField<'a, dyn $Trait> for ::std::boxed::Box<$Closure> {
            fn read_field(
                cx: &$crate::private::ReadContext<'a>,
                input: $crate::private::FieldReader<'a>,
            ) -> $crate::private::Result<Self> {
                let call: fn(::std::sync::Arc<dyn $Trait>) -> Self = $call;
                let object = <::std::sync::Arc<dyn $Trait> as $crate::private::ReadField<'a, ()>>::read_field;
                object(cx, input).map(call)
            }
        }
    };
}

/// A declaration with a name in a schema file: the only one with it in this crate, in files of this name and id. Where it
/// is not one of a file that stands apart from others of its id, the only one in files of this id.
#[doc(hidden)]
#[macro_export]
macro_rules! __declared {
    ($Who:ty, $file:expr, $name:expr, true) => {
        const _: () = {
            const KEY: $crate::private::u64 =
                $crate::private::key(::core::module_path!(), $file, true, $name);
            impl $crate::private::Declared<KEY, $Who> for () {}
            $crate::private::two_types_have_one_name_in_one_schema_file::<KEY, _>()
        };
    };
    ($Who:ty, $file:expr, $name:expr, false) => {
        const _: () = {
            const KEY: $crate::private::u64 =
                $crate::private::key(::core::module_path!(), $file, true, $name);
            const OF_ID: $crate::private::u64 =
                $crate::private::key(::core::module_path!(), $file, false, $name);
            impl $crate::private::Declared<KEY, $Who> for () {}
            impl $crate::private::Declared<OF_ID, $Who> for () {}
            $crate::private::two_types_have_one_name_in_one_schema_file::<KEY, _>();
            $crate::private::two_types_have_one_name_in_one_schema_file::<OF_ID, _>()
        };
    };
}

/// A declaration with an explicit id: the only one with it in this crate in this file.
#[doc(hidden)]
#[macro_export]
macro_rules! __identified {
    ($Who:ty, $file:expr, $id:expr) => {
        const _: () = {
            const KEY: $crate::private::u64 = $crate::private::key_of_id(::core::module_path!(), $file, $id);
            impl $crate::private::Declared<KEY, $Who> for () {}
            $crate::private::two_types_have_one_id_in_one_schema_file::<KEY, _>()
        };
    };
}
