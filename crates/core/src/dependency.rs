//! Dependencies between files, derived from the sites: the edges of the aggregated graph.

use std::collections::HashMap;

use crate::{
    id::FileKey,
    model::{
        Base, BaseKind, Call, CallKind, Dependency, DependencyType, Import, Resolution, ResolutionStatus,
        Target,
    },
};

/// What the file `own` depends on, by its imports, bases and calls; one entry per type and target, ordered by type, then
/// by first site. Nothing else enters, so that it can be computed again from stored rows.
///
/// - A resolved import gives an [`Import`](DependencyType::Import) of the target's file. Every other import gives one of
///   its module as written, with the status of the module's first site.
/// - A resolved base gives an [`Inheritance`](DependencyType::Inheritance), or where the class implements it an
///   [`InterfaceImplementation`](DependencyType::InterfaceImplementation).
/// - A resolved call gives a [`FunctionCall`](DependencyType::FunctionCall), or where it is of a method or constructor a
///   [`MethodCall`](DependencyType::MethodCall).
/// - Bases and calls that are not resolved give nothing, and neither does what the file has from itself.
///
/// `strength` is `count` divided by the number of all the file's sites of that type, whatever became of them.
#[must_use]
pub fn dependencies_of(own: FileKey, imports: &[Import], bases: &[Base], calls: &[Call]) -> Vec<Dependency> {
    let mut edges = Edges::default();
    for import in imports {
        edges.see(DependencyType::Import);
        match import.resolution.target {
            Some(target) => edges.add_file(DependencyType::Import, own, target, import.line),
            None => edges.add_module(&import.module, &import.resolution, import.line),
        }
    }
    for base in bases {
        edges.see_target(base_type(base.kind), own, &base.resolution, base.line);
    }
    for call in calls {
        edges.see_target(call_type(call.kind), own, &call.resolution, call.line);
    }
    edges.finish()
}

const fn base_type(kind: BaseKind) -> DependencyType {
    match kind {
        BaseKind::Implements => DependencyType::InterfaceImplementation,
        BaseKind::Extends | BaseKind::Mixin | BaseKind::Embeds => DependencyType::Inheritance,
    }
}

const fn call_type(kind: CallKind) -> DependencyType {
    match kind {
        CallKind::Function | CallKind::Macro => DependencyType::FunctionCall,
        CallKind::Method | CallKind::Constructor => DependencyType::MethodCall,
    }
}

/// Edges in the order of their first sites, and how many sites of each type were seen.
#[derive(Default)]
struct Edges<'a> {
    dependencies: Vec<Dependency>,
    files: HashMap<(DependencyType, FileKey), usize>,
    modules: HashMap<&'a str, usize>,
    sites: [u32; DependencyType::ALL.len()],
}

impl<'a> Edges<'a> {
    fn see(&mut self, dependency_type: DependencyType) {
        self.sites[dependency_type as usize] += 1;
    }

    fn see_target(
        &mut self,
        dependency_type: DependencyType,
        own: FileKey,
        resolution: &Resolution,
        line: u32,
    ) {
        self.see(dependency_type);
        if let Some(target) = resolution.target {
            self.add_file(dependency_type, own, target, line);
        }
    }

    fn add_file(&mut self, dependency_type: DependencyType, own: FileKey, target: Target, line: u32) {
        if target.file == own {
            return;
        }
        let next = self.dependencies.len();
        let index = *self.files.entry((dependency_type, target.file)).or_insert(next);
        if index == next {
            self.dependencies.push(Dependency {
                dependency_type,
                target: Some(target.file),
                status: ResolutionStatus::Resolved,
                line,
                ..Dependency::default()
            });
        }
        self.dependencies[index].count += 1;
    }

    fn add_module(&mut self, module: &'a str, resolution: &Resolution, line: u32) {
        let next = self.dependencies.len();
        let index = *self.modules.entry(module).or_insert(next);
        if index == next {
            self.dependencies.push(Dependency {
                dependency_type: DependencyType::Import,
                module: Some(module.to_owned()),
                status: resolution.status,
                line,
                ..Dependency::default()
            });
        }
        self.dependencies[index].count += 1;
    }

    fn finish(mut self) -> Vec<Dependency> {
        for dependency in &mut self.dependencies {
            let sites = self.sites[dependency.dependency_type as usize];
            dependency.strength = f64::from(dependency.count) / f64::from(sites);
        }
        // Stable: within a type the order of the first sites stays.
        self.dependencies.sort_by_key(|dependency| dependency.dependency_type);
        self.dependencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::SymbolKey,
        model::{Entity, Origin},
    };

    const OWN: FileKey = FileKey(1);
    const OTHER: FileKey = FileKey(2);

    fn to(file: FileKey) -> Resolution {
        Resolution::resolved(Target { file, entity: Entity::Function(SymbolKey(7)) }, Origin::Import)
    }

    fn import(module: &str, line: u32, resolution: Resolution) -> Import {
        Import { module: module.into(), line, resolution, ..Import::default() }
    }

    fn call(kind: CallKind, line: u32, resolution: Resolution) -> Call {
        Call { kind, name: "f".into(), line, resolution, ..Call::default() }
    }

    #[test]
    fn sites_of_one_target_make_one_edge_with_their_count_and_share() {
        let calls = [
            call(CallKind::Function, 9, to(OTHER)),
            call(CallKind::Function, 5, Resolution::default()),
            call(CallKind::Macro, 12, to(OTHER)),
            call(CallKind::Function, 14, to(OWN)),
        ];
        let edges = dependencies_of(OWN, &[], &[], &calls);
        assert_eq!(
            edges,
            [Dependency {
                dependency_type: DependencyType::FunctionCall,
                target: Some(OTHER),
                module: None,
                status: ResolutionStatus::Resolved,
                strength: 0.5,
                count: 2,
                line: 9,
            }]
        );
    }

    #[test]
    fn an_import_that_is_not_resolved_depends_on_its_module() {
        let imports = [
            import("os", 1, Resolution::stdlib(Origin::StdlibList)),
            import("requests", 2, Resolution::external(Origin::Import)),
            import("os", 3, Resolution::stdlib(Origin::StdlibList)),
            import(".sibling", 4, to(OTHER)),
        ];
        let edges = dependencies_of(OWN, &imports, &[], &[]);
        let seen: Vec<_> =
            edges.iter().map(|e| (e.module.as_deref(), e.target, e.status, e.count, e.strength)).collect();
        assert_eq!(
            seen,
            [
                (Some("os"), None, ResolutionStatus::Stdlib, 2, 0.5),
                (Some("requests"), None, ResolutionStatus::External, 1, 0.25),
                (None, Some(OTHER), ResolutionStatus::Resolved, 1, 0.25),
            ]
        );
    }

    #[test]
    fn extending_implementing_and_making_are_different_edges() {
        let base = |kind, line| Base { kind, line, resolution: to(OTHER), ..Base::default() };
        let bases = [base(BaseKind::Implements, 1), base(BaseKind::Extends, 2)];
        let calls = [call(CallKind::Constructor, 3, to(OTHER))];
        let types: Vec<_> =
            dependencies_of(OWN, &[], &bases, &calls).iter().map(|edge| edge.dependency_type).collect();
        assert_eq!(
            types,
            [
                DependencyType::Inheritance,
                DependencyType::InterfaceImplementation,
                DependencyType::MethodCall
            ]
        );
    }

    #[test]
    fn unresolved_bases_and_calls_give_no_edge() {
        let edges = dependencies_of(
            OWN,
            &[],
            &[Base::default()],
            &[call(CallKind::Method, 1, Resolution::ambiguous(2, Origin::Include))],
        );
        assert_eq!(edges, []);
    }
}
