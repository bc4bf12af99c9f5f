//! Files that are not sessions, or that mean harm, get one clear error.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use store::session::{OpenError, Session};

type Outcome = Result<(), Box<dyn Error>>;

fn open(path: &Path) -> Result<(), OpenError> {
    Session::open(path).map(drop)
}

/// A ZIP archive of stored members; names may repeat.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, data) in members {
        let mut head = [0_u8; 30];
        head[..4].copy_from_slice(b"PK\x03\x04");
        head[18..22].copy_from_slice(&(data.len() as u32).to_le_bytes());
        head[22..26].copy_from_slice(&(data.len() as u32).to_le_bytes());
        head[26..28].copy_from_slice(&(name.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(data);
    }
    bytes
}

fn sealed(text: &str) -> Vec<u8> {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{text}// sha256 {hex}\n").into_bytes()
}

#[test]
fn other_files_are_named() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x");
    for (bytes, what) in [
        (b"".as_slice(), "an empty file"),
        (b"PAR1....", "a Parquet file"),
        (b"time,cpu\n1,2\n", "a CSV file"),
        (b"{\"a\": 1}", "a JSON file"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"\0\0\0", "a file of an unknown format"),
    ] {
        fs::write(&path, bytes)?;
        match open(&path) {
            Err(OpenError::NotASession { what: told, .. }) => assert_eq!(told, what),
            other => return Err(format!("{what}: {other:?}").into()),
        }
    }
    assert!(matches!(
        open(folder.path()),
        Err(OpenError::NotASession { .. })
    ));
    assert!(matches!(
        open(&folder.path().join("none")),
        Err(OpenError::Read { .. })
    ));
    fs::write(&path, zip(&[("readme.txt", b"hello")]))?;
    assert!(matches!(open(&path), Err(OpenError::NotASession { .. })));
    #[cfg(target_os = "linux")]
    assert!(matches!(
        open(Path::new("/dev/zero")),
        Err(OpenError::NotASession { .. })
    ));
    Ok(())
}

#[test]
fn bombs_and_lies_are_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.kymo");
    let write = |bytes: &[u8]| fs::File::create(&path).and_then(|mut it| it.write_all(bytes));
    // Two members of one name.
    write(&zip(&[("manifest.ron", b"a"), ("manifest.ron", b"b")]))?;
    assert!(matches!(open(&path), Err(OpenError::Damaged { .. })));
    // More members than a session has.
    let names: Vec<String> = (0..70_000).map(|it| it.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names
        .iter()
        .map(|it| (it.as_str(), [].as_slice()))
        .collect();
    write(&zip(&many))?;
    assert!(matches!(open(&path), Err(OpenError::Limit { .. })));
    // A manifest that nests.
    let deep = sealed(&format!("(schema:1,kymo:{}\n", "[".repeat(100_000)));
    write(&zip(&[("manifest.ron", &deep)]))?;
    assert!(matches!(
        open(&path),
        Err(OpenError::Limit { .. } | OpenError::Damaged { .. })
    ));
    // A newer version, whatever else it says.
    let newer = sealed("(schema:99,what_is_this:[1,2,Some(3)])\n");
    write(&zip(&[("manifest.ron", &newer)]))?;
    assert!(matches!(
        open(&path),
        Err(OpenError::TooNew { found: 99, .. })
    ));
    // A size beyond the end of the file.
    let mut lying = zip(&[("manifest.ron", b"a")]);
    lying[18..22].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
    write(&lying)?;
    assert!(matches!(open(&path), Err(OpenError::Damaged { .. })));
    // Nothing but headers that start and never hold.
    write(&b"PK\x03\x04\xff\xff\xff\xff\xff\xff".repeat(20_000))?;
    assert!(matches!(open(&path), Err(OpenError::Damaged { .. })));
    Ok(())
}

#[test]
fn a_path_in_a_manifest_is_never_followed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.kymo");
    let text = |host_folder: &str, member: &str| {
        sealed(&format!(
            "(schema:1,kymo:\"\",title:\"\",created:0,hosts:[(id:0,name:\"a\",folder:{host_folder:?},host:(name:\"\",os:\"\",kernel:\"\",arch:\"\",cpu_model:\"\",cpus:0,memory_bytes:0,boot_id:\"\",agent_version:\"\",agent_pid:0,capabilities:[],limits:[]),placement:(boot_to_axis_ns:0,offset_ns:0,error_ns:0),cadence_ns:0,rolled:1)],series:[],segments:[(path:{member:?},host:0,table:Events,number:0,rows:1,span:(from:0,to:1),bytes:5,sha256:\"\")])\n"
        ))
    };
    for (host_folder, member) in [
        ("../..", "events/../../000000.parquet"),
        ("a", "/etc/passwd"),
        ("a", "events/a/../../secret"),
        (".", "events/./000000.parquet"),
    ] {
        fs::write(&path, zip(&[("manifest.ron", &text(host_folder, member))]))?;
        assert!(
            matches!(open(&path), Err(OpenError::Damaged { .. })),
            "{member}"
        );
    }
    // The same with a proper path opens, so it was the path that was refused.
    fs::write(
        &path,
        zip(&[("manifest.ron", &text("a", "events/a/000000.parquet"))]),
    )?;
    open(&path)?;
    Ok(())
}
