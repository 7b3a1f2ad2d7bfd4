//! Every kernel has its WGSL twin, and the two agree in name, hyperparameters and bindings: by reflection, without a GPU.

use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Hyperparameters, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::rng::{Key, Stream};
use flatmin_gpu::shaders::{self, Form, TWINS, Twin};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ScalarKind, StorageAccess, TypeInner};
use std::mem::offset_of;
use std::path::Path;

/// A field of a Rust struct.
#[derive(Debug)]
struct Field {
    name: &'static str,
    offset: usize,
    /// Its Rust type.
    kind: &'static str,
}

/// What Rust says of a kernel.
#[derive(Debug)]
struct Kernel {
    name: &'static str,
    /// The name of the struct.
    title: &'static str,
    size: usize,
    fields: Vec<Field>,
    words: Vec<u32>,
    scalars: usize,
    outputs: usize,
    inputs: usize,
    forms: &'static [Form],
}

fn words(kernel: impl Hyperparameters) -> Vec<u32> {
    let mut words = Vec::new();
    kernel.words(&mut |word| words.push(word));
    words
}

fn type_name<T>(_: &T) -> &'static str {
    std::any::type_name::<T>()
}

macro_rules! arity {
    (map [$s:literal $o:literal $i:literal] $kernel:ident) => {
        (<$kernel as Map<$s, $o, $i>>::NAME, [$s, $o, $i], &[Form::Map][..])
    };
    (reduce [1] $kernel:ident) => {
        (<$kernel as Reduce<1>>::NAME, [0, 0, 1], &[Form::Reduce, Form::Groups][..])
    };
    (reduce [$i:literal] $kernel:ident) => {
        (<$kernel as Reduce<$i>>::NAME, [0, 0, $i], &[Form::Reduce][..])
    };
    (update [$st:literal] $kernel:ident) => {
        (<$kernel as Update<$st>>::NAME, [0, 1 + $st, 1], &[Form::Update, Form::Restore][..])
    };
    // The value of each group is bound where scalars are.
    (fill [$o:literal $i:literal] $kernel:ident) => {
        (<$kernel as Fill<$o, $i>>::NAME, [1, $o, $i], &[Form::Fill][..])
    };
}

macro_rules! kernels {
    ($($shape:ident $arity:tt $kernel:ident { $($field:ident: $example:expr),* };)*) => {
        fn kernels() -> Vec<Kernel> {
            vec![$({
                let (name, [scalars, outputs, inputs], forms) = arity!($shape $arity $kernel);
                let example = $kernel { $($field: $example),* };
                Kernel {
                    name,
                    title: stringify!($kernel),
                    size: size_of::<$kernel>(),
                    fields: vec![$(Field {
                        name: stringify!($field),
                        offset: offset_of!($kernel, $field),
                        kind: type_name(&example.$field),
                    }),*],
                    words: words(example),
                    scalars,
                    outputs,
                    inputs,
                    forms,
                }
            }),*]
        }
    };
}
for_each_kernel!(kernels);

fn parse(source: &str) -> Result<Module, String> {
    let module = naga::front::wgsl::parse_str(source).map_err(|error| error.emit_to_string(source))?;
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    validator.validate(&module).map_err(|error| error.emit_to_string(source))?;
    Ok(module)
}

/// The members of a struct against the fields of its Rust twin.
fn same_struct(
    module: &Module,
    ty: &naga::Type,
    title: &str,
    size: usize,
    fields: &[Field],
) -> Result<(), String> {
    let TypeInner::Struct { members, span } = &ty.inner else { return Err(format!("{title} is no struct")) };
    if ty.name.as_deref() != Some(title) {
        return Err(format!("the struct is {:?}, in Rust {title}", ty.name));
    }
    if *span as usize != size {
        return Err(format!("{title} has {span} bytes, in Rust {size}"));
    }
    if members.len() != fields.len() {
        return Err(format!("{title} has {} members, in Rust {}", members.len(), fields.len()));
    }
    for (member, field) in members.iter().zip(fields) {
        let place = format!("{title}.{}", field.name);
        if member.name.as_deref() != Some(field.name) || member.offset as usize != field.offset {
            return Err(format!(
                "{place} at {}: WGSL has {:?} at {}",
                field.offset, member.name, member.offset
            ));
        }
        let ty = &module.types[member.ty];
        match (&ty.inner, field.kind) {
            (TypeInner::Scalar(scalar), "f32") if scalar.kind == ScalarKind::Float && scalar.width == 4 => {}
            (TypeInner::Scalar(scalar), "u32") if scalar.kind == ScalarKind::Uint && scalar.width == 4 => {}
            (TypeInner::Struct { .. }, "flatmin::rng::Key") => {
                same_struct(module, ty, "Key", size_of::<Key>(), &key_fields())?;
            }
            (other, kind) => return Err(format!("{place} is {other:?}, in Rust {kind}")),
        }
    }
    Ok(())
}

fn key_fields() -> Vec<Field> {
    macro_rules! fields {
        ($($name:ident)*) => { vec![$(Field { name: stringify!($name), offset: offset_of!(Key, $name), kind: "u32" }),*] };
    }
    fields!(seed_low seed_high step stream)
}

/// What a binding of group 0 is: the struct's name, `f32` or `V`, and whether it is written.
fn binding(module: &Module, index: u32) -> Option<(&naga::Type, bool)> {
    let variable =
        module.global_variables.iter().map(|(_, variable)| variable).find(|variable| {
            variable.binding.as_ref().is_some_and(|at| at.group == 0 && at.binding == index)
        })?;
    let AddressSpace::Storage { access } = variable.space else { return None };
    let TypeInner::Array { base, .. } = module.types[variable.ty].inner else { return None };
    Some((&module.types[base], access.contains(StorageAccess::STORE)))
}

/// Compares a composed module with its Rust kernel.
fn agree(kernel: &Kernel, form: Form, source: &str) -> Result<(), String> {
    let module = parse(source)?;
    let mut index = 0;
    let mut next = || {
        index += 1;
        binding(&module, index - 1).ok_or(format!("no storage array at binding {}", index - 1))
    };
    if kernel.size > 0 {
        let (ty, written) = next()?;
        same_struct(&module, ty, kernel.title, kernel.size, &kernel.fields)?;
        if written {
            return Err("hyperparameters are written".into());
        }
    }
    let is = |inner: &TypeInner, vector: bool| {
        // One element at a time where runs of a layout start anywhere.
        if vector && form != Form::Groups {
            matches!(inner, TypeInner::Vector { size: naga::VectorSize::Quad, scalar: naga::Scalar::F32 })
        } else {
            matches!(inner, TypeInner::Scalar(naga::Scalar::F32))
        }
    };
    let saved = usize::from(form == Form::Restore);
    for (count, vector, written, what) in [
        (kernel.scalars, false, false, "scalar"),
        (kernel.outputs, true, true, "output"),
        (kernel.inputs + saved, true, false, "input"),
    ] {
        for k in 0..count {
            let (ty, is_written) = next()?;
            if !is(&ty.inner, vector) || is_written != written {
                return Err(format!("{what} {k} is {ty:?}, written: {is_written}"));
            }
        }
    }
    match binding(&module, index) {
        None => Ok(()),
        Some(_) => Err(format!("one binding too many: {index}")),
    }
}

#[test]
fn every_kernel_agrees_with_its_twin_in_every_form() {
    for kernel in kernels() {
        let twin = Twin::find(kernel.name).unwrap_or_else(|| panic!("{} has no twin", kernel.name));
        assert_eq!(twin.forms, kernel.forms, "{}", kernel.name);
        for form in twin.forms {
            agree(&kernel, *form, &twin.compose(*form))
                .unwrap_or_else(|error| panic!("{} {form:?}: {error}", kernel.name));
        }
    }
}

#[test]
fn every_file_is_a_twin_and_every_twin_a_kernel() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gpu/shaders");
    let mut stems: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    stems.sort();
    let names: Vec<_> = kernels().iter().map(|kernel| kernel.name).collect();
    assert_eq!(stems, names.iter().map(|name| format!("{name}.wgsl")).collect::<Vec<_>>());
    assert_eq!(TWINS.iter().map(|twin| twin.name).collect::<Vec<_>>(), names);
}

#[test]
fn words_are_the_fields_in_memory_order() {
    for Kernel { name, size, fields, words, .. } in kernels() {
        assert_eq!(4 * words.len(), size, "{name}");
        assert!(
            fields.is_sorted_by_key(|field| field.offset),
            "{name}: the row's order is not that of the fields"
        );
    }
    let perturb = Perturb { gamma: 0.5, rms: 1, key: Key::new(7 << 32 | 9, Stream::Coin, 3) };
    assert_eq!(words(perturb), [0.5_f32.to_bits(), 1, 9, 7, 3, Stream::Coin as u32]);
}

#[test]
fn the_shared_modules_are_valid() {
    for source in [shaders::tree(), shaders::judge()] {
        parse(&source).unwrap();
    }
}

/// The check sees what it is for.
#[test]
fn a_wrong_twin_is_seen() {
    let kernels = kernels();
    let kernel = |name| kernels.iter().find(|kernel| kernel.name == name).unwrap();
    let find = |name: &str| Twin::find(name).unwrap();
    for (name, form, right, wrong, complaint) in [
        ("save_ascend", Form::Map, "rho", "radius", "SaveAscend.rho"),
        ("save_ascend", Form::Map, "rho: f32, eps: f32", "eps: f32, rho: f32", "SaveAscend.rho"),
        ("save_ascend", Form::Map, "{ rho: f32, eps: f32 }", "{ rho: f32, eps: f32, more: f32 }", "12 bytes"),
        ("save_ascend", Form::Map, "struct SaveAscend", "struct Ascend", "Ascend"),
        ("step_sgd", Form::Update, "weight_decay: f32 }", "weight_decay: u32 }", "apply"),
        ("perturb", Form::Fill, "step: u32,\n    stream: u32", "stream: u32,\n    step: u32", "Key.step"),
        ("save_ascend", Form::Map, "read_write> saved", "read> saved", "save_ascend"),
        ("lerp", Form::Map, "binding(2)", "binding(3)", "no storage array at binding 2"),
        ("step_momentum", Form::Restore, "binding(4)", "binding(5)", "no storage array at binding 4"),
    ] {
        let source = find(name).compose(form);
        let mut spoiled = source.replace(right, wrong);
        if wrong == "Ascend" || wrong == "struct Ascend" {
            spoiled = source.replace("SaveAscend", "Ascend");
        }
        assert_ne!(source, spoiled, "{name}: {right} is not in the source");
        let error = agree(kernel(name), form, &spoiled).expect_err(name);
        assert!(error.contains(complaint), "{name}, {wrong}: {error}");
    }
}
