//! The rules for a method of an interface, its parameters and what it returns.

use quote::ToTokens;
use syn::visit::Visit;
use syn::{FnArg, PatType, ReceiverKind, ReturnType, Safety, Type};

use super::names::{is_in_every_build, name_fits_the_schema, names_are_unique};
use super::values::{BOUNDS_ARE_DECLARED, bounds, is_closure, not_a_bare_object, unsized_as_owned, value};
use crate::model::{Interface, Life, Method, Param, Passing, Returns};
use crate::names::upper_camel;
use crate::report::Report;
use crate::syntax::{generic_arguments, plain_name, tidy};

type Rule = fn(&Interface, &Method, &Report);

/// The rules for a method.
const OF_METHODS: &[Rule] = &[
    it_is_in_every_build,
    the_receiver_is_shared,
    the_signature_is_plain,
    it_names_no_self,
    parameters_have_names,
    versions_come_in_order,
    a_method_of_old_has_a_body,
    its_name_fits_the_schema,
    parameters_travel,
];

/// The rules for what a method returns, where that is of a form that is known.
const OF_RESULTS: &[Rule] = &[the_result_travels, results_stand_alone, values_have_their_own_names];

/// The rules for a parameter, of which only the first that it breaks is told.
const OF_PARAMETERS: &[fn(&Method, &Param, &Report)] = &[
    it_is_passed_in_a_known_way,
    what_a_version_lacks_is_made_up,
    what_none_lacks_is_not,
    the_parameter_travels,
];

/// Checks a method.
pub(super) fn method(item: &Interface, method: &Method, report: &Report) {
    if let Some(local) = method.local {
        return local_has_a_body(method, local, report);
    }
    if !report.passes(|report| it_is_made_asynchronous_here(method, report)) {
        return;
    }
    OF_METHODS.iter().for_each(|rule| rule(item, method, report));
    if report.passes(|report| its_result_has_a_form(item, method, report)) {
        OF_RESULTS.iter().for_each(|rule| rule(item, method, report));
    }
}

/// A method that stays on its own side is the same for every implementor.
fn local_has_a_body(method: &Method, word: proc_macro2::Span, report: &Report) {
    if !method.has_body {
        report.add(syn::Error::new(word, "a local method stays on its own side, so give it a body"));
    }
}

fn typed(method: &Method) -> impl Iterator<Item = &PatType> {
    method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}

fn it_is_in_every_build(_: &Interface, method: &Method, report: &Report) {
    is_in_every_build(&method.attrs, "method", "trait", report);
    typed(method).for_each(|typed| is_in_every_build(&typed.attrs, "parameter", "trait", report));
}

/// `#[async_trait]` above the attribute has changed the signature before it is seen here.
fn it_is_made_asynchronous_here(method: &Method, report: &Report) {
    if method.sig.generics.lifetimes().any(|lifetime| lifetime.lifetime.ident == "async_trait") {
        report.at(
            &method.sig.ident,
            "`#[ipc_interface]` takes care of `async fn` itself; leave `#[async_trait]` out above it",
        );
    }
}

/// What implements the trait here is another type than at the peer.
fn it_names_no_self(item: &Interface, method: &Method, report: &Report) {
    struct Search<'s>(&'s Interface, &'s Report);
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
            match path.path.get_ident() {
                Some(ident) if ident == "Self" => {
                    let name = &self.0.item.ident;
                    self.1.at(path, format!("`Self` is another type in another process; write `Box<dyn {name}>` to give an object away, `Arc<dyn {name}>` to share it, or `&dyn {name}` to lend it"));
                }
                _ => syn::visit::visit_type_path(self, path),
            }
        }
    }
    let mut search = Search(item, report);
    typed(method).for_each(|typed| search.visit_type(&typed.ty));
    search.visit_return_type(&method.sig.output);
}

/// `&self` and nothing else: the object may be used by many callers, here and at the peer.
fn the_receiver_is_shared(_: &Interface, method: &Method, report: &Report) {
    let sig = &method.sig;
    match sig.receiver() {
        None => report
            .at(&sig.ident, format!("`{}` has no receiver; write `fn {}(&self, …)`", sig.ident, sig.ident)),
        Some(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, None, None) => {}
            ReceiverKind::Reference(_, Some(_), None) => {
                report.at(
                    receiver,
                    "an object at a peer has no lifetime that a caller could know; write `&self`",
                );
            }
            ReceiverKind::Reference(_, _, Some(_)) => {
                report.at(receiver, "an object has many callers at once, so it is never `&mut`; write `&self` and keep what changes in a `Mutex` or an atomic");
            }
            _ => report.at(receiver, "an object at a peer cannot be moved out of its process; write `&self`"),
        },
    }
}

/// No type parameters, no lifetimes, no modifiers: what the peer cannot see.
fn the_signature_is_plain(_: &Interface, method: &Method, report: &Report) {
    let sig = &method.sig;
    if !sig.generics.params.is_empty() {
        report.at(&sig.generics, "a method between processes has no generic parameters; write one method for each type, and leave lifetimes to elision");
    }
    if let Some(clause) = &sig.generics.where_clause {
        report.at(clause, "a method between processes has no `where` clause; leave it out");
    }
    if let Some(constness) = &sig.constness {
        report.at(constness, "a method between processes cannot be `const`; leave it out");
    }
    if !matches!(sig.safety, Safety::Default) {
        report.at(
            &sig.safety,
            "a method between processes cannot be `unsafe`: the peer checks nothing; leave it out",
        );
    }
    if let Some(abi) = &sig.abi {
        report.at(abi, "a method between processes has Rust's own calling convention; leave `extern` out");
    }
    if let Some(variadic) = &sig.variadic {
        report.at(variadic, "a method between processes has a fixed number of parameters; pass a `Vec`");
    }
}

/// Parameters have names, because the schema has.
fn parameters_have_names(_: &Interface, method: &Method, report: &Report) {
    for typed in typed(method) {
        match plain_name(&typed.pat) {
            Some(name) => it_is_no_name_of_ours(name, report),
            None => report.at(
                &typed.pat,
                "a parameter between processes needs a plain name, which becomes its name in the schema",
            ),
        }
    }
}

/// What begins after its end is in no version.
fn versions_come_in_order(_: &Interface, method: &Method, report: &Report) {
    for life in std::iter::once(&method.life).chain(method.params.iter().map(|param| &param.life)) {
        if let (Some((first, since)), Some((last, until))) = (&life.since, &life.until)
            && first > last
        {
            let text = format!(
                "no version has this, because {until} comes before {since}; write them the other way round"
            );
            report.at(until, text);
        }
    }
}

/// What is generated has names of its own.
fn it_is_no_name_of_ours(name: &syn::Ident, report: &Report) {
    if name.to_string().starts_with("__") {
        report.at(name, "names that begin with `__` are those of generated code; write another one");
    }
}

/// Who implements the trait need not write what only peers of older versions call.
fn a_method_of_old_has_a_body(item: &Interface, method: &Method, report: &Report) {
    if method.lacks.is_some() && item.wants_bodies && !method.has_body {
        report.at(
            &method.sig.ident,
            "only older versions have this method, so give it a body: what the methods of today make of it",
        );
    }
}

fn its_name_fits_the_schema(_: &Interface, method: &Method, report: &Report) {
    it_is_no_name_of_ours(&method.sig.ident, report);
    name_fits_the_schema(&method.name, false, method.sig.ident.span(), report);
}

fn parameters_travel(_: &Interface, method: &Method, report: &Report) {
    for param in &method.params {
        name_fits_the_schema(&param.wire.name, false, param.ident.span(), report);
        if let (true, Some(default)) = (param.out || param.want, &param.wire.default) {
            report.at(default, "a value that only comes back has no default; leave `default` or `out` out");
        }
        let _ = OF_PARAMETERS.iter().all(|rule| report.passes(|report| rule(method, param, report)));
    }
}

/// What `out` and `want` say fits the type, and a reference leads to something that can be lent.
fn it_is_passed_in_a_known_way(method: &Method, param: &Param, report: &Report) {
    let ty = &param.ty;
    match &param.passing {
        Passing::WantOut(_) if !param.want => report.at(ty, "an optional place to write to needs `#[ipc(want)]`: then the peer learns whether the value is wanted"),
        Passing::WantOut(_) if param.out => report.at(ty, "`want` says that the value comes back; leave `out` out"),
        Passing::WantOut(_) => {}
        _ if param.want => report.at(ty, "`want` needs an optional place to write to; write the type as `Option<&mut T>`"),
        Passing::InOut(inner) | Passing::Out(inner) => match crate::syntax::bare(inner) {
            Type::TraitObject(object) if is_closure(object) => {
                report.at(ty, CLOSURES_ARE_GIVEN);
            }
            Type::TraitObject(_) => {
                report.at(ty, "an object has many callers at once, so it is never `&mut`; write `&dyn …`");
            }
            inner => {
                if let Some(owned) = unsized_as_owned(inner) {
                    report.at(ty, format!("what comes back may be longer than what was there; write `&mut {owned}`"));
                }
            }
        },
        _ if param.out => report.at(ty, "`out` needs a place to write to; write the type as `&mut T`"),
        Passing::Owned(_) | Passing::Absent(_) => drop(not_a_bare_object(ty, report)),
        Passing::OptionalRef(inner) => what_is_lent(method, inner, report),
        passing => what_is_lent(method, passing, report),
    }
}

const CLOSURES_ARE_GIVEN: &str = "a closure is given away, because the peer calls it when it likes; write `Box<dyn Fn(…) -> … + Send + Sync>` or `Box<dyn FnMut(…) -> … + Send>`, with `#[ipc(callback = Trait)]`";

fn what_is_lent(method: &Method, passing: &Passing, report: &Report) {
    match passing {
        Passing::Interface(Type::TraitObject(object)) if is_closure(object) => {
            report.at(object, CLOSURES_ARE_GIVEN);
        }
        Passing::Interface(Type::TraitObject(object)) if bounds(object).count() > 1 => {
            report.at(object, BOUNDS_ARE_DECLARED);
        }
        Passing::Interface(object) if method.is_async() => {
            report.at(object, "an asynchronous call may outlive its caller, so it cannot borrow an object; write `Arc<dyn …>`");
        }
        Passing::Ref(inner @ Type::Reference(_)) => {
            report.at(inner, "a reference to a reference says nothing more to a peer; write one `&`");
        }
        _ => {}
    }
}

/// A method gets something for a parameter that a peer does not send.
fn what_a_version_lacks_is_made_up(_: &Method, param: &Param, report: &Report) {
    let ident = &param.ident;
    match (&param.lacks, &param.absent, &param.passing) {
        (None, ..) | (Some(_), Some(_), Passing::Absent(_)) => {}
        (Some(_), Some(_), _) => report.at(
            &param.ty,
            "a parameter that a version lacks is passed by value; write its type without `&`",
        ),
        (Some(why), None, _) => report.at(ident, format!("`{ident}` is not in all versions ({why}); write `absent = …` with what the method gets from a peer without it")),
    }
}

/// A peer sends each parameter that its version has.
fn what_none_lacks_is_not(_: &Method, param: &Param, report: &Report) {
    if let (Some(absent), Life { since: None, until: None }) = (&param.absent, &param.life) {
        report.at(absent, "every version has this parameter, so it is never absent; say which ones have it with `since = …` or `until = …`, or leave `absent` out. For what a peer leaves out there is `default = …`");
    }
}

fn the_parameter_travels(_: &Method, param: &Param, report: &Report) {
    let ty = match (&param.ty, &param.passing) {
        (Type::Reference(reference), _) => &reference.elem,
        (_, Passing::WantOut(ty)) => ty,
        (ty, _) => ty,
    };
    value(&param.wire, ty, report);
}

/// A method can say that the connection broke, and what it returns otherwise is a value.
fn its_result_has_a_form(item: &Interface, method: &Method, report: &Report) {
    const NEEDS_RESULT: &str = "`exception` needs a method that returns `Result<T, E>`, or `Result<Result<T, E>>` where the outer error is the connection's";
    let (ident, output) = (&method.sig.ident, &method.sig.output);
    // The mistake stands on the type, or on the name where there is none.
    let at = |text: &str| match output {
        ReturnType::Default => report.at(ident, text),
        ReturnType::Type(_, ty) => report.at(ty, text),
    };
    let written = match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(&**ty),
    };
    let result = written.and_then(|ty| generic_arguments(ty, "Result"));
    let declared = method.exception.is_some();
    let converts = method.result.with.is_some() || method.result.types.is_some();
    let converted = converts || item.types.is_some() || method.results.is_some();
    if let (Some(_), Some(other)) = (&result, written.and_then(other_result)) {
        return at(&format!(
            "`{other}` has an error of its own, which cannot say that the connection broke; write `mp_runtime::Result`"
        ));
    }
    match &method.returns {
        Returns::Plain(_) if result.is_some() => {
            at(
                "a method returns `Result<T>`, or `Result<T, E>` with a declared error and `#[ipc(exception)]`",
            );
        }
        Returns::Plain(ty) if !item.panic_on_disconnect => at(&missing_result(ident, output, ty)),
        Returns::Plain(_) if declared => at(NEEDS_RESULT),
        Returns::Result(inner) if generic_arguments(inner, "Result").is_some() && !converted => {
            report.at(
                inner,
                "a `Result` inside the result is a declared exception; add `#[ipc(exception)]` to the method",
            );
        }
        Returns::Result(_) if declared => at(NEEDS_RESULT),
        returns => {
            let mut values = std::iter::once(returns.ty()).chain(returns.exception());
            let _ = values.all(|ty| is_handed_out(ty, report));
        }
    }
}

/// A type that a method hands out.
fn is_handed_out(ty: &Type, report: &Report) -> bool {
    struct Search<'s>(&'s Report);
    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0.at(reference, "a method between processes cannot return a reference: the value comes from another process; return it owned");
        }

        // The parameters of a closure are not handed out.
        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast syn::ParenthesizedGenericArguments) {}
    }
    report.passes(|report| {
        Search(report).visit_type(ty);
        not_a_bare_object(ty, report);
    })
}

/// What to write where a method returns no `Result` by name.
fn missing_result(ident: &syn::Ident, output: &ReturnType, ty: &Type) -> String {
    // A type that is not written has no text of its own.
    let written = match output {
        ReturnType::Default => None,
        ReturnType::Type(..) => syn::spanned::Spanned::span(ty).source_text(),
    };
    let tokens = ty.to_token_stream().to_string();
    // The compiler may give the text of the first word only.
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let written =
        written.filter(|written| squeezed(written) == squeezed(&tokens)).unwrap_or_else(|| tidy(ty));
    if is_future(ty) {
        return format!("`{ident}` hides what it returns; write `async fn {ident}(…) -> Result<…>`");
    }
    if matches!(ty, Type::Path(path) if crate::syntax::ends_in(path, "Result")) {
        return "a method returns `mp_runtime::Result<T>` with what it gives, which is `()` where that is nothing".to_owned();
    }
    let wrapped = match (ty, written.as_str()) {
        (Type::Never(_), _) => "Result<()>".to_owned(),
        (Type::Reference(reference), written) => {
            let owned = unsized_as_owned(&reference.elem);
            format!("Result<{}>", owned.as_deref().unwrap_or(written.trim_start_matches('&')))
        }
        (_, written) => format!("Result<{written}>"),
    };
    let alias = match ty {
        Type::Path(path) if !is_well_known(path) => format!(
            ". If `{written}` is another name of a `Result`, write `Result` in its place, because only names are seen here"
        ),
        _ => String::new(),
    };
    format!(
        "`{ident}` cannot say that the connection broke; write `-> {wrapped}`, or let the whole interface panic then with \
         `#[ipc_interface(panic_on_disconnect)]`{alias}"
    )
}

/// Whether a type is what an `async fn` returns, or may be.
fn is_future(ty: &Type) -> bool {
    let boxed = || generic_arguments(ty, "Pin").and_then(|inner| generic_arguments(inner.first()?, "Box"));
    matches!(ty, Type::ImplTrait(_))
        || ["BoxFuture", "LocalBoxFuture"].iter().any(|name| generic_arguments(ty, name).is_some())
        || boxed().is_some_and(|inner| matches!(inner.as_slice(), [Type::TraitObject(_)]))
}

/// Whether a type is one that everybody knows as no `Result`.
fn is_well_known(path: &syn::TypePath) -> bool {
    const KNOWN: &str = "bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize String Vec Option Box \
        Arc BTreeMap HashMap BTreeSet HashSet PathBuf Duration SystemTime";
    path.path.segments.last().is_some_and(|last| KNOWN.split(' ').any(|known| last.ident == known))
}

/// A `Result` that is known to have another error.
fn other_result(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let module = path.path.segments.iter().rev().nth(1)?;
    let others = ["io", "fmt", "anyhow", "eyre", "thread"];
    others.iter().any(|other| module.ident == other).then(|| format!("{}::Result", module.ident))
}

fn the_result_travels(_: &Interface, method: &Method, report: &Report) {
    if method.results.is_none() {
        value(&method.result, method.returns.ty(), report);
    }
}

/// A struct of all results leaves no room for others.
fn results_stand_alone(_: &Interface, method: &Method, report: &Report) {
    let Some((word, _)) = &method.results else { return };
    if method.returns.value().is_none() {
        report.at(word, "`results` needs a method that returns a value");
    }
    if method.exception.is_some() {
        report.at(word, "`results` are all that a method returns; make the exception a field of the struct (`#[ipc(exception = \"…\")]`)");
    }
    if method.result.secret {
        report.at(word, "`secret` does not reach into a struct of results; write it on the struct's fields and on the parameters");
    }
    if method.pipelined {
        report.at(word, "`pipelined` needs an interface as the only result; leave `results` out");
    }
    for param in method.params.iter().filter(|param| param.passing.comes_back()) {
        report.at(
            &param.ident,
            "`results` are all that a method returns; make this value a field of the struct",
        );
    }
}

/// Two parameters, or two results, of a method cannot share a name, those that nobody wrote
/// included.
fn values_have_their_own_names(_: &Interface, method: &Method, report: &Report) {
    let mut params = Vec::new();
    for param in &method.params {
        let (name, span) = (param.wire.name.as_str(), param.ident.span());
        match param.passing {
            Passing::Out(_) | Passing::Absent(_) => {}
            Passing::WantOut(_) => params.push((format!("want{}", upper_camel(name)), span)),
            _ if method.context && name == "context" => report.add(syn::Error::new(
                span,
                "the schema's `context` is the thread of the call; give this parameter another name with `#[ipc(name = \"…\")]`",
            )),
            _ => params.push((name.to_owned(), span)),
        }
    }
    names_are_unique(params.iter().map(|(name, span)| (name.as_str(), *span)), "parameters", report);
    let own = method.sig.ident.span();
    let result = method
        .returns
        .value()
        .filter(|_| method.results.is_none())
        .map(|_| (method.result.name.as_str(), own));
    let exception = method.exception.iter().map(|(wire, _)| (wire.name.as_str(), own));
    let outs = method.params.iter().filter(|param| param.passing.comes_back());
    let outs = outs.map(|param| (param.wire.name.as_str(), param.ident.span()));
    names_are_unique(result.into_iter().chain(exception).chain(outs), "results", report);
}
