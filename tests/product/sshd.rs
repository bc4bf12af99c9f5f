//! An ssh server of the tests' own, on loopback.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::program;

/// An ssh server of our own, ended when dropped.
pub(crate) struct Server {
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(|_| ()).unwrap_or_default();
    }
}

fn keygen(path: &Path) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status()
        .expect("ssh-keygen runs");
    assert!(status.success());
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

impl Server {
    pub(crate) fn start(sshd: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("private");
        keygen(&at("host_key"));
        keygen(&at("user_key"));
        fs::copy(at("user_key.pub"), at("authorized_keys")).expect("copied");
        fs::create_dir_all("/run/sshd").expect("the server's folder");
        let port = free_port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host_key\n\
             AuthorizedKeysFile {0}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin yes\nPidFile none\n",
            folder.path().display()
        );
        fs::write(at("sshd_config"), config).expect("written");
        let child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(at("sshd_config"))
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd starts");
        let server = Self {
            child,
            folder,
            port,
        };
        server.write_client();
        server.wait();
        server
    }

    /// An `ssh` that knows our key and host, first on the PATH of the client.
    fn write_client(&self) {
        let folder = self.folder.path().display();
        let script = format!(
            "#!/bin/sh\nexec {} -F none -i {folder}/user_key -o IdentitiesOnly=yes \
             -o UserKnownHostsFile={folder}/known_hosts -o StrictHostKeyChecking=accept-new \
             -o SendEnv=none \"$@\"\n",
            program("ssh").expect("ssh").display()
        );
        let bin = self.folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        fs::write(bin.join("ssh"), script).expect("written");
        fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).expect("set");
    }

    fn wait(&self) {
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < patience, "sshd does not listen");
            thread::yield_now();
        }
    }

    pub(crate) fn path(&self) -> String {
        let rest = std::env::var("PATH").unwrap_or_default();
        format!("{}:{rest}", self.folder.path().join("bin").display())
    }

    pub(crate) fn target(&self) -> String {
        format!("ssh://127.0.0.1:{}", self.port)
    }
}
