//! What items expand to, as formatted Rust. The input stands in each snapshot's header. What the
//! generator adds names only absolute paths, so that nothing in the user's scope changes its
//! meaning.
//!
//! `INSTA_UPDATE=always cargo test -p mp-tests --test expansion` writes the snapshots; read the
//! difference before it is committed.

use std::collections::HashSet;

use mp_runtime::schema::{self, Schema};
use mp_tests::foo::{ExtendedCallback, FooInterface};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::Visit;

/// Finds paths that something in the user's scope could change the meaning of.
#[derive(Default)]
struct Relative {
    /// The user's own words, which mean what they mean in the user's scope.
    user: HashSet<String>,
    found: Vec<String>,
}

impl Relative {
    /// Takes all identifiers of a source text.
    fn read_user(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => drop(self.user.insert(ident.to_string())),
                TokenTree::Group(group) => self.read_user(group.stream()),
                _ => {}
            }
        }
    }
}

/// An argument of a macro.
enum Argument {
    Type(syn::Type),
    Expr(syn::Expr),
}

impl syn::parse::Parse for Argument {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let is_type = ahead.parse::<syn::Type>().is_ok() && (ahead.is_empty() || ahead.peek(syn::Token![,]));
        if is_type { input.parse().map(Argument::Type) } else { input.parse().map(Argument::Expr) }
    }
}

impl<'ast> Visit<'ast> for Relative {
    fn visit_attribute(&mut self, attr: &'ast syn::Attribute) {
        if !["allow", "doc"].iter().any(|known| attr.path().is_ident(known)) {
            self.visit_path(attr.path());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let first = path.segments[0].ident.to_string();
        let own = first == "self" || first == "Self" || first.starts_with("__");
        if path.leading_colon.is_none() && !own && !self.user.contains(&first) {
            self.found.push(path.to_token_stream().to_string());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        syn::visit::visit_macro(self, mac);
        let parser = Punctuated::<Argument, syn::Token![,]>::parse_terminated;
        let arguments = mac.parse_body_with(parser).expect("a macro that takes expressions and types");
        let mut inside = Relative { user: self.user.clone(), found: Vec::new() };
        arguments.iter().for_each(|argument| match argument {
            Argument::Type(ty) => inside.visit_type(ty),
            Argument::Expr(argument) => inside.visit_expr(argument),
        });
        self.found.append(&mut inside.found);
    }
}

#[test]
fn relative_paths_are_found() {
    let code = "const A: u8 = { ::core::assert!(std::X); ::b::c(mine, __own, Self::D) };";
    let mut relative = Relative::default();
    relative.read_user("mine".parse().expect("tokens"));
    relative.visit_file(&syn::parse_file(code).expect("Rust"));
    assert_eq!(relative.found, ["u8", "std :: X"]);
}

/// Expands `input` and compares the result with the snapshot `name`.
fn check(name: &str, input: &str) {
    let expansion = mpgen::expand_source(input).expect("Rust");
    assert!(expansion.errors.is_empty(), "{:?}", expansion.errors);
    let file: syn::File = syn::parse2(expansion.tokens).expect("Rust");
    let mut relative = Relative::default();
    relative.read_user(input.parse().expect("tokens"));
    relative.visit_file(&file);
    assert!(relative.found.is_empty(), "not absolute: {:?}", relative.found);
    let input: Vec<&str> = input.trim().lines().collect();
    insta::with_settings!({ info => &input, omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, prettyplease::unparse(&file));
    });
}

#[test]
fn a_method() {
    check(
        "a_method",
        r#"
#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    /// The price of something, if it is there.
    fn price(&self, of: &str) -> Result<Option<i64>>;
}"#,
    );
}

/// How many lines a trait of so many methods expands to, of which the user wrote two for each.
fn lines(methods: usize) -> usize {
    let method = |number| {
        format!("/// The price of something.\n fn price{number}(&self, of: &str) -> Result<Option<i64>>;\n")
    };
    let methods: String = (0..methods).map(method).collect();
    let file = r#"file = "shop.capnp", file_id = 0xf00df00df00df00d"#;
    let expansion = mpgen::expand_source(&format!(
        "#[ipc_interface({file})]\n pub trait Shop: Send + Sync {{ {methods} }}"
    ));
    let file: syn::File = syn::parse2(expansion.expect("Rust").tokens).expect("Rust");
    prettyplease::unparse(&file).lines().count()
}

#[test]
fn a_reviewer_reads_eighty_lines_for_a_trait_and_twenty_five_for_each_further_method() {
    assert!(lines(1) <= 80, "{}", lines(1));
    for further in 1..4 {
        let more = lines(1 + further) - lines(1);
        assert!(more <= 25 * further, "{more} for {further}");
    }
}

#[test]
fn an_asynchronous_method_without_a_context() {
    check(
        "an_asynchronous_method_without_a_context",
        r#"
#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, destroy = false)]
pub trait Shop: Send + Sync {
    #[ipc(no_context, interrupt = "stop")]
    async fn wait_for(&self, what: String) -> Result<u32>;
    #[ipc(no_context)]
    fn stop(&self) -> Result<()>;
}"#,
    );
}

#[test]
fn all_ways_of_passing() {
    check(
        "all_ways_of_passing",
        r#"
#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, destroy = false)]
pub trait Shop: Send + Sync {
    fn pass(
        &self,
        path: &Path,
        prices: &[i64],
        #[ipc(secret)] password: String,
        #[ipc(default = 7)] many: u8,
        item: Option<&Item>,
        #[ipc(optional = flag)] name: Option<String>,
        total: &mut i64,
        #[ipc(out)] rest: &mut i64,
        #[ipc(want)] receipt: Option<&mut String>,
    ) -> Result<()>;
}"#,
    );
}

#[test]
fn objects_and_callbacks() {
    check(
        "objects_and_callbacks",
        r#"
#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, callback)]
pub trait Each: Send + Sync {
    fn call(&self, item: Item) -> Result<()>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, construct)]
pub trait Shop: Send + Sync {
    fn guests(&self, lent: &dyn Guest, owned: Box<dyn Guest>, shared: Arc<dyn Guest>) -> Result<Box<dyn Guest>>;
    fn each(&self, #[ipc(callback = Each)] call: Box<dyn Fn(Item) -> Result<()> + Send + Sync>) -> Result<()>;
}"#,
    );
}

#[test]
fn an_inherited_interface_with_an_exception() {
    check(
        "an_inherited_interface_with_an_exception",
        r#"
#[ipc_interface(file = SHOP, id = 0x8000000000000001, name = "BigShop", cxx = "shop::BigShop")]
pub trait BigShopTrait: Shop {
    #[ipc(exception(name = "soldOut", cxx = "shop::SoldOut"))]
    fn buy(&self, what: String) -> Result<Result<i64, SoldOut>>;
    #[ipc(deprecated = "shops no longer barter")]
    fn barter(&self, what: String) -> Result<String>;
    #[ipc(local)]
    fn buy_bread(&self) -> Result<Result<i64, SoldOut>> {
        self.buy("bread".into())
    }
}"#,
    );
}

#[test]
fn an_interface_that_panics_on_disconnect() {
    check(
        "an_interface_that_panics_on_disconnect",
        r#"
#[ipc_interface(file = SHOP, panic_on_disconnect)]
pub trait Shop: Send + Sync {
    fn is_open(&self) -> bool;
    #[ipc(deprecated)]
    fn was_open(&self) -> bool;
}"#,
    );
}

#[test]
fn an_implementation_with_asynchronous_methods() {
    check(
        "an_implementation_with_asynchronous_methods",
        r"
#[ipc_interface]
impl Shop for Bakery {
    async fn wait_for(&self, what: String) -> Result<u32> {
        self.oven.wait(&what).await
    }
}",
    );
}

#[test]
fn structs() {
    check(
        "structs",
        r#"
ipc_file! {
    /// The shop's file.
    pub static SHOP: "shop.capnp" @ 0xf00df00df00df00d,
    namespace = "shop::messages", include = ["shop.h"];
}

/// Something to buy.
#[derive(Clone, IpcStruct)]
#[ipc(file = SHOP, cxx = "shop::Item")]
pub struct Item {
    /// Its name.
    #[ipc(ordinal = 1)]
    pub name: String,
    #[ipc(ordinal = 0, default = -1)]
    pub price: i64,
    #[ipc(skip)]
    pub cached: bool,
    #[ipc(with = crate::weight)]
    pub weight: Weight,
}

#[derive(IpcStruct)]
#[ipc(file = SHOP, generic)]
pub struct Pair<Key, Value> {
    pub key: Key,
    pub value: Value,
}"#,
    );
}

#[test]
fn a_file_with_constants_and_results_in_one_struct() {
    check(
        "a_file_with_constants_and_results_in_one_struct",
        r#"
ipc_file! {
    static SHOP: "shop.capnp" @ 0xf00df00df00df00d, pairs = COMMON;

    /// More than anything costs.
    pub const MAX_PRICE: i64 = 1_000;
}

#[ipc_interface(file = SHOP, destroy = false, unused = [Coupon])]
pub trait Shop: Send + Sync {
    #[ipc(results)]
    fn stock(&self) -> Result<Stock>;
    #[ipc(results = crate::verdict)]
    fn buy(&self, name: &str) -> Result<Result<(), Refusal>>;
}"#,
    );
}

#[test]
fn an_older_version() {
    check(
        "an_older_version",
        r#"
#[ipc_interface(file = TILL, destroy = false, versions(v1(form = TillV1, title = "the old till", file = OLD_TILL), v2))]
pub trait Till: Send + Sync {
    #[ipc(v1(ordinal = 1))]
    fn open(&self, #[ipc(since = v2, absent = 0)] drawer: u32) -> Result<()>;
    #[ipc(since = v2)]
    fn shut(&self) -> Result<()>;
    #[ipc(until = v1, v1(ordinal = 0))]
    fn ring(&self) -> Result<()> {
        Ok(())
    }
}"#,
    );
}

#[test]
fn unions_and_enums() {
    check(
        "unions_and_enums",
        r"
#[derive(IpcStruct)]
pub enum Payment {
    Cash,
    Card(String),
    Credit { name: String, days: u16 },
}

#[derive(Clone, Copy, IpcEnum)]
pub enum Colour {
    Red = 2,
    Blue = 4,
}

#[derive(Clone, Copy, IpcEnum)]
#[ipc(wire = enumerant, file = SHOP)]
pub enum Size {
    Small,
    Large,
}",
    );
}

#[test]
fn the_schema_text_of_libmultiprocess_tests() {
    let roots = [schema::interface::<dyn FooInterface>(), schema::interface::<dyn ExtendedCallback>()];
    let texts = Schema::of(&roots).expect("a schema").texts();
    insta::assert_snapshot!("the_schema_text_of_libmultiprocess_tests", texts[0].text);
}

#[test]
fn generator_and_runtime_refuse_the_same_names_of_types() {
    assert_eq!(mpgen::check::BUILT_IN, schema::BUILT_IN);
}
