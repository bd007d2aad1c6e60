//! Names that take the place of those which generated code could mean.
//!
//! In: nothing. Out: macros that declare them; each module calls them, because a name that is
//! declared in a module comes before the prelude and the primitive types.

/// Takes every name but `Box`.
macro_rules! take_names {
    () => {
        take_names! { types:
            Result Vec String Arc Error Proxy Home Call Type Interface HashMap Mutex PathBuf Pin PhantomData
            Field Fields StructNode MethodNode FileNode BuildContext ReadContext
            bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 str char
        }
        take_names! { values: Some None Ok Err }
        take_names! { traits:
            Send Sync Sized Clone Copy Default From Into TryFrom TryInto Iterator IntoIterator Fn FnMut
            FnOnce Drop ToString ToOwned AsRef Deref DerefMut Future PartialEq Eq Debug WireType
            BuildField ReadField StructType
        }
        take_names! { modules: std core alloc mp_runtime mpgen private futures async_trait }
        take_names! { macros: assert panic format vec matches unreachable println write debug_assert }

        #[allow(dead_code, reason = "only in the way")]
        enum Option {}

        /// Methods that would be found before those of the standard library.
        #[allow(dead_code, clippy::wrong_self_convention, reason = "only in the way")]
        trait Grab: ::core::marker::Sized {
            fn is_some(self) {}
            fn is_none(self) {}
            fn as_ref(self) {}
            fn as_mut(self) {}
            fn as_deref(self) {}
            fn map_err(self) {}
            fn lock(self) {}
            fn unwrap_or_else(self) {}
            fn get(self) {}
            fn put(self) {}
            fn give(self) {}
            fn params(self) {}
            fn results(self) {}
            fn serve(self) {}
            fn write(self) {}
            fn read(self) {}
            fn wait(self) {}
            fn send(self) {}
            fn find(self) {}
            fn variant(self) {}
            fn set_variant(self) {}
            fn set_flag(self) {}
            fn in_field(self) {}
            fn is_pointer(self) {}
            fn to_string(self) {}
            fn clone(self) {}
            fn into(self) {}
            fn call_blocking(self) {}
            fn call_async(self) {}
        }

        impl<T> Grab for T {}
    };
    (types: $($name:ident)*) => {
        $(
            #[allow(dead_code, non_camel_case_types, reason = "only in the way")]
            struct $name;
        )*
    };
    (values: $($name:ident)*) => {
        $(
            #[allow(dead_code, reason = "only in the way")]
            struct $name;
        )*
    };
    (traits: $($name:ident)*) => {
        $(
            #[allow(dead_code, reason = "only in the way")]
            trait $name {}
        )*
    };
    (modules: $($name:ident)*) => {
        $(
            #[allow(dead_code, reason = "only in the way")]
            mod $name {}
        )*
    };
    (macros: $($name:ident)*) => {
        $(
            #[allow(unused_macros, reason = "only in the way")]
            macro_rules! $name {
                () => {};
            }
        )*
    };
}
