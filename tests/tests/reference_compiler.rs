//! The schema text and our constants, against the reference compiler.

use mp_runtime::schema::{self, Root, Schema};
use mp_runtime::wire::describe::Fields;
use mp_runtime::wire::layout::{FieldPlace, Member, place};
use mp_runtime::wire::node::{
    Default, EnumNode, FieldNode, FileNode, InterfaceNode, MethodNode, StructNode, Type,
};
use mp_runtime::wire::slot::{Place, Slot, Slots};
use mp_runtime::{IpcStruct, Result, ipc_interface};
use mp_tests::foo::{ExtendedCallback, FooInterface};
use mp_tests::reference::{differences, installed};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// How many random structs are compared, and how many stand in one file.
const STRUCTS: usize = 2400;
const PER_FILE: usize = 120;

#[track_caller]
fn compare(roots: &[Root]) {
    let schema = Schema::of(roots).expect("a schema");
    let found = differences(&schema).expect("a verdict");
    let texts: Vec<_> = schema.texts().into_iter().map(|file| file.text).collect();
    assert!(
        found.is_empty(),
        "{}\n{}",
        found.join("\n"),
        if texts.len() < 4 { texts.concat() } else { String::new() }
    );
}

#[test]
fn the_interfaces_of_libmultiprocess_tests_are_equal() {
    if installed() {
        compare(&[schema::interface::<dyn FooInterface>(), schema::interface::<dyn ExtendedCallback>()]);
    }
}

#[test]
fn the_interfaces_of_the_example_are_equal() {
    if installed() {
        compare(&[
            schema::interface::<dyn mp_example::InitInterface>(),
            schema::interface::<dyn mp_example::room::Room>(),
        ]);
    }
}

/// A union of one variant, which a schema cannot have, in each of its forms.
#[derive(IpcStruct)]
enum OnlyValue {
    Value(Option<u32>),
}

#[derive(IpcStruct)]
enum OnlyGroup {
    Group { name: String, many: Option<u8> },
}

#[derive(IpcStruct)]
enum OnlyUnit {
    Unit,
}

/// Names of fields, methods and parameters that are words of the schema language.
#[derive(IpcStruct)]
struct Words {
    r#struct: u32,
    r#enum: u32,
    r#union: u32,
    group: u32,
    interface: u32,
    using: u32,
    import: u32,
    r#true: bool,
    void: u32,
    inf: f32,
    extends: Option<u32>,
}

#[ipc_interface(file = "edges.capnp", file_id = 0xabcd_ef01_2345_678f)]
trait Edges: Send + Sync {
    fn only(&self, value: OnlyValue, group: OnlyGroup, unit: OnlyUnit) -> Result<Vec<OnlyGroup>>;
    fn r#struct(&self, r#enum: Words, r#union: u32) -> Result<()>;
    fn using(&self, annotation: u32) -> Result<()>;
}

#[test]
fn what_the_schema_language_has_no_place_for_is_written_otherwise() {
    if installed() {
        compare(&[schema::interface::<dyn Edges>()]);
    }
}

/// A random field, before it has an ordinal.
#[derive(Clone, Debug)]
struct Draft {
    ty: Type,
    slot: Slot,
    has_flag: bool,
    default: Default,
    /// 0 for the struct itself, else a variant.
    group: u16,
}

static FILE: FileNode = FileNode::new("random.capnp", 0xabcd_ef01_2345_6789);
static COLOUR: EnumNode =
    EnumNode::new("Colour", 0xabcd_ef01_2345_678a, &FILE, &[("red", ""), ("green", "")]).with_explicit_id();
static POINT: StructNode =
    StructNode::new("Point", &const { Fields::place([], 0) }).in_file(&FILE).with_id(0xabcd_ef01_2345_678b);

fn types() -> impl Strategy<Value = (Type, Slot, Default)> {
    prop_oneof![
        Just((Type::Void, Slot::Void, Default::None)),
        any::<bool>().prop_map(|v| (Type::Bool, Slot::Bit, Default::Bool(v))),
        any::<i8>().prop_map(|v| (Type::Int8, Slot::Byte, Default::Int(v.into()))),
        any::<u8>().prop_map(|v| (Type::UInt8, Slot::Byte, Default::UInt(v.into()))),
        any::<i16>().prop_map(|v| (Type::Int16, Slot::TwoBytes, Default::Int(v.into()))),
        any::<u16>().prop_map(|v| (Type::UInt16, Slot::TwoBytes, Default::UInt(v.into()))),
        any::<i32>().prop_map(|v| (Type::Int32, Slot::FourBytes, Default::Int(v.into()))),
        any::<u32>().prop_map(|v| (Type::UInt32, Slot::FourBytes, Default::UInt(v.into()))),
        any::<i64>().prop_map(|v| (Type::Int64, Slot::EightBytes, Default::Int(v))),
        any::<u64>().prop_map(|v| (Type::UInt64, Slot::EightBytes, Default::UInt(v))),
        any::<f32>().prop_map(|v| (Type::Float32, Slot::FourBytes, Default::Float32(v))),
        any::<f64>().prop_map(|v| (Type::Float64, Slot::EightBytes, Default::Float64(v))),
        Just((Type::Enum(|| &COLOUR), Slot::TwoBytes, Default::None)),
        Just((Type::Text, Slot::Pointer, Default::None)),
        Just((Type::Data, Slot::Pointer, Default::None)),
        Just((Type::AnyPointer, Slot::Pointer, Default::None)),
        Just((Type::List(&Type::Bool), Slot::Pointer, Default::None)),
        Just((Type::List(&Type::List(&Type::UInt16)), Slot::Pointer, Default::None)),
        Just((Type::List(&Type::Struct(|| &POINT)), Slot::Pointer, Default::None)),
        Just((Type::Struct(|| &POINT), Slot::Pointer, Default::None)),
        Just((Type::Parameter(0), Slot::Pointer, Default::None)),
        Just((Type::Parameter(1), Slot::Pointer, Default::None)),
    ]
}

fn draft(variants: u16) -> impl Strategy<Value = Draft> {
    (types(), prop::bool::weighted(0.2), any::<bool>(), 0..=variants.max(1)).prop_map(
        move |((ty, slot, default), has_flag, with_default, group)| Draft {
            ty,
            slot,
            has_flag,
            default: if with_default { default } else { Default::None },
            group: if variants == 0 { 0 } else { group },
        },
    )
}

/// Drafts, and the order of their ordinals.
fn drafts() -> impl Strategy<Value = (Vec<Draft>, Vec<usize>)> {
    prop_oneof![3 => Just(0u16), 2 => 2..6u16, 1 => 6..20u16]
        .prop_flat_map(|variants| prop::collection::vec(draft(variants), 0..40))
        .prop_flat_map(|drafts| {
            let parts = drafts.iter().map(|draft| 1 + usize::from(draft.has_flag)).sum::<usize>();
            let order = (0..parts).collect::<Vec<_>>();
            (Just(drafts), prop_oneof![Just(order.clone()), Just(order).prop_shuffle()])
        })
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A struct as the macro would describe it, laid out at run time.
fn structure(number: usize, drafts: &[Draft], order: &[usize]) -> StructNode {
    let mut drafts = drafts.to_vec();
    // A union needs two variants; and C++ allows no flag beside a `Void`.
    let mut ordinals = order.iter().map(|ordinal| u16::try_from(*ordinal).expect("few fields"));
    let numbered: Vec<(u16, Option<u16>)> = drafts
        .iter()
        .map(|draft| {
            (ordinals.next().expect("one each"), draft.has_flag.then(|| ordinals.next().expect("one each")))
        })
        .collect();
    let lowest = |group: u16, drafts: &[Draft]| {
        let own = drafts.iter().zip(&numbered).filter(|(draft, _)| draft.group == group);
        own.map(|(_, (value, has))| has.map_or(*value, |has| has.min(*value))).min()
    };
    // The variants that have fields, in the order of their lowest ordinals, get the numbers.
    let mut groups: Vec<(u16, u16)> =
        (1..=20).filter_map(|group| lowest(group, &drafts).map(|ordinal| (ordinal, group))).collect();
    groups.sort_unstable();
    if groups.len() == 1 {
        groups.clear();
        drafts.iter_mut().for_each(|draft| draft.group = 0);
    }
    for draft in &mut drafts {
        let position = groups.iter().position(|(_, group)| *group == draft.group);
        draft.group = position.map_or(0, |position| u16::try_from(position + 1).expect("few variants"));
    }
    let variants = u16::try_from(groups.len()).expect("few variants");
    let members: Vec<Member> = drafts
        .iter()
        .zip(&numbered)
        .map(|(draft, (ordinal, has_ordinal))| Member {
            slots: Slots { value: draft.slot, has_flag: draft.has_flag },
            ordinal: Some(*ordinal),
            has_ordinal: *has_ordinal,
            group: draft.group,
        })
        .collect();
    let mut places = vec![FieldPlace { ordinal: 0, value: Place::VOID, has: None }; members.len()];
    let sizes = place(&members, variants, &mut places);
    let fields: Vec<FieldNode> = drafts
        .iter()
        .zip(&places)
        .enumerate()
        .map(|(index, (draft, place))| {
            let alone = drafts.iter().filter(|other| other.group == draft.group).count() == 1;
            let mut node = FieldNode::plain(leak(format!("f{index}")), draft.ty, *place);
            node.default = draft.default;
            node.variant = draft.group.checked_sub(1);
            node.group = (draft.group > 0 && !alone).then(|| &**leak(format!("group{}", draft.group)));
            node
        })
        .collect();
    let mut node = StructNode::new(leak(format!("Random{number}")), &const { Fields::place([], 0) });
    node.file = Some(&FILE);
    node.parameters = &["First", "Second"];
    node.fields = leak(fields);
    (node.data_words, node.pointers, node.discriminant) =
        (sizes.data_words, sizes.pointers, sizes.discriminant);
    node
}

#[test]
fn random_structs_are_equal() {
    if !installed() {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let strategy = drafts();
    let mut structs = (0..STRUCTS).map(|number| {
        let (drafts, order) = strategy.new_tree(&mut runner).expect("a struct").current();
        leak(structure(number, &drafts, &order))
    });
    loop {
        let roots: Vec<Root> =
            structs.by_ref().take(PER_FILE).map(|node: &StructNode| Root::from(node)).collect();
        if roots.is_empty() {
            break;
        }
        compare(&roots);
    }
}

#[test]
fn random_interfaces_are_equal() {
    if !installed() {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(draft(0), 0..12);
    let mut part = || {
        let mut drafts = strategy.new_tree(&mut runner).expect("parameters").current();
        // A method has no type parameters.
        drafts.retain(|draft| !matches!(draft.ty, Type::Parameter(_)));
        let count = drafts.iter().map(|draft| 1 + usize::from(draft.has_flag)).sum();
        structure(0, &drafts, &(0..count).collect::<Vec<_>>())
    };
    let mut roots = Vec::new();
    for number in 0..40 {
        let methods: Vec<MethodNode> = (0..number % 9)
            .map(|ordinal| {
                let none = &const { Fields::place([], 0) };
                let mut method = MethodNode::new(leak(format!("method{ordinal}")), ordinal, none, none);
                (method.params, method.results) = (part(), part());
                method
            })
            .collect();
        let name: &'static str = leak(format!("Interface{number}"));
        let id = mp_runtime::wire::id::child_id(FILE.id, name);
        roots.push(Root::from(leak(InterfaceNode::new(name, id, &FILE, leak(methods)))));
    }
    compare(&roots);
}
