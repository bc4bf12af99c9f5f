//! The arrows between crates point one way, as the table says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate with the crates of ours it may depend on. Change it with the
/// crate map in `src/README.md`, and only with a reason.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &["model"]),
    ("telemetry", &["model"]),
    ("agent", &["model", "wire", "telemetry"]),
    ("store", &["model", "wire"]),
    ("import", &["model", "telemetry"]),
    ("analysis", &["model"]),
    ("plan", &["model", "analysis"]),
    ("report", &["model", "analysis", "plan"]),
    (
        "workflow",
        &[
            "model",
            "wire",
            "telemetry",
            "store",
            "import",
            "analysis",
            "plan",
            "report",
        ],
    ),
    (
        "workbench",
        &["model", "analysis", "plan", "report", "workflow"],
    ),
    (
        "kymo",
        &[
            "model",
            "wire",
            "agent",
            "store",
            "analysis",
            "plan",
            "report",
            "workflow",
            "workbench",
        ],
    ),
];

/// Crates of others that only one crate of ours may name.
const OWNED: &[(&str, &str)] = &[
    ("polars", "store"),
    ("eframe", "workbench"),
    ("egui_plot", "workbench"),
    ("egui_tiles", "workbench"),
    ("rfd", "workbench"),
    ("clap", "kymo"),
    ("anyhow", "kymo"),
];

pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// The names that stand in the dependency tables of a manifest (not the dev ones).
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let mut inside = false;
    let mut names = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-");
            continue;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if inside && !name.is_empty() && !name.starts_with('#') {
            names.push(name.to_owned());
        }
    }
    names
}

fn crates() -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("src"))
        .expect("src is there")
        .flatten()
    {
        let manifest = entry.path().join("Cargo.toml");
        if manifest.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.insert(name, dependencies(&manifest));
        }
    }
    found
}

#[test]
fn crates_depend_only_on_the_layers_below() {
    let crates = crates();
    let known: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    for (name, dependencies) in &crates {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| layer == name) else {
            panic!("crate {name} is not in the table of layers");
        };
        for dependency in dependencies
            .iter()
            .filter(|it| known.contains(&it.as_str()))
        {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
    assert_eq!(
        crates.len(),
        LAYERS.len(),
        "the table names crates that are gone"
    );
}

#[test]
fn heavy_crates_have_one_owner() {
    for (name, dependencies) in crates() {
        for (heavy, owner) in OWNED {
            let named = dependencies.iter().any(|it| it == heavy);
            assert!(
                !named || name == *owner,
                "only {owner} may name {heavy}, not {name}"
            );
        }
    }
}

/// Every package below `package` in its dependency tree, tests of it included.
fn tree(package: &str, more: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "-p", package])
        .args(more)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn agent_and_analysis_stay_light() {
    let plain: &[&str] = &["--no-default-features"];
    for (package, more, heavy) in [
        ("agent", &[][..], &["polars", "egui"][..]),
        // What hears applications comes with the feature `intake`, and leaves with it.
        ("agent", plain, &["tokio", "hyper"]),
        ("analysis", &[], &["polars", "egui", "tokio"]),
    ] {
        let tree = tree(package, more);
        assert!(tree.contains("model v"), "{package} has a tree");
        for heavy in heavy {
            let found = tree.lines().find(|line| line.starts_with(heavy));
            assert_eq!(found, None, "{package} builds {heavy}");
        }
    }
}
