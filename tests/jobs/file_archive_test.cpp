// `file: archive` and `file: extract`: what tar and Python read, and archives that mean harm.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "file_fixture.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using ledger::Outcome;
using test::names;
using test::read;
using test::write;
using Folder = test::FileFolder;
using Names = std::set<std::string>;

namespace stdfs = std::filesystem;

namespace {

std::string shell(const Folder& dir, const std::string& line) {
  const auto ran = test::run_action(jobs::make_exec({.command = "cd " + dir.path().string() + " && " + line}));
  CAPTURE(line, ran.error());
  CHECK(ran.outcome == Outcome::success);
  return ran.output();
}

/// A tar whose entries a script makes: `add(name, type=..., linkname=..., mode=..., data=...)`.
void make_tar(const Folder& dir, const std::string& script) {
  write(dir / "make.py",
        "import io, tarfile\n"
        "tar = tarfile.open('evil.tar', 'w')\n"
        "def add(name, data=b'', **more):\n"
        "    info = tarfile.TarInfo(name)\n"
        "    info.size = len(data)\n"
        "    for key, value in more.items(): setattr(info, key, value)\n"
        "    tar.addfile(info, io.BytesIO(data))\n" +
            script + "\ntar.close()\n");
  shell(dir, "python3 make.py");
}

}  // namespace

TEST_CASE("what is archived is extracted as it was, and tar and Python read it", "[file]") {
  const std::string ending = GENERATE(".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip");
  Folder dir;
  write(dir / "in/a", "one");
  write(dir / "in/deep/.hidden", std::string(300'000, 'x'));
  write(dir / "in/skip.tmp", "");
  stdfs::create_directories(dir / "in/empty");
  stdfs::create_symlink("deep/.hidden", dir / "in/link");
  ::chmod((dir / "in/a").c_str(), 0640);
  const jobs::ParameterMap order{{"from", "in"}, {"to", "out" + ending}, {"exclude", "*.tmp"}};
  const auto packed = dir.run("archive", order);
  CAPTURE(ending, packed.report.message);
  REQUIRE(packed.outcome == Outcome::success);
  CHECK_THAT(packed.report.message, Catch::StartsWith("archived 3 files, 293.0 KiB to "));
  const std::string list = ending == ".zip" ? "python3 -m zipfile -l out.zip" : "python3 -m tarfile -l out" + ending;
  if (ending != ".tar.zst") CHECK_THAT(shell(dir, list), Catch::Contains("in/deep/.hidden"));
  const auto unpacked = dir.run("extract", {{"from", "out" + ending}, {"to", "back"}});
  CAPTURE(unpacked.report.message);
  REQUIRE(unpacked.outcome == Outcome::success);
  CHECK(names(dir / "back") == Names{"in/a", "in/deep/.hidden", "in/link"});
  CHECK(read(dir / "back/in/link") == std::string(300'000, 'x'));
  CHECK(stdfs::read_symlink(dir / "back/in/link") == "deep/.hidden");
  CHECK(stdfs::is_directory(dir / "back/in/empty"));
  CHECK((stdfs::status(dir / "back/in/a").permissions() & stdfs::perms::all) == stdfs::perms(0640));
}

TEST_CASE("extract puts a whole folder in place, and replaces one only when asked", "[file]") {
  Folder dir;
  write(dir / "in/a", "new");
  REQUIRE(dir.run("archive", {{"from", "in/*"}, {"to", "in.tar"}}).outcome == Outcome::success);
  write(dir / "out/old", "old");
  const auto refused = dir.run("extract", {{"from", "in.tar"}, {"to", "out"}});
  CHECK_THAT(refused.report.message, Catch::Contains("is not empty"));
  const auto refused_dry = dir.run("extract", {{"from", "in.tar"}, {"to", "out"}, {"dry_run", "true"}});
  CHECK(refused_dry.report.message == refused.report.message);
  CHECK(names(dir / "out") == Names{"old"});
  const auto dry = dir.run("extract", {{"from", "in.tar"}, {"to", "new"}, {"dry_run", "true"}});
  CHECK(dry.output() == "extract " + (dir / "new/a").string() + "\n");
  CHECK_FALSE(stdfs::exists(dir / "new"));
  REQUIRE(dir.run("extract", {{"from", "in.tar"}, {"to", "out"}, {"replace", "true"}}).outcome == Outcome::success);
  CHECK(names(dir.path()) == Names{"in/a", "in.tar", "out/a"});
  CHECK_THAT(dir.run("extract", {{"from", "in/a"}, {"to", "no"}}).report.message,
             Catch::Contains("cannot read the archive"));
  CHECK(dir.make("archive", {{"from", "in"}, {"to", "in.rar"}}).error().key == "to");
  CHECK(dir.make("extract", {{"from", "in.tar"}, {"to", "/"}}).error().key == "to");
}

TEST_CASE("a tar that was cut where an entry ends is no whole one", "[file]") {
  Folder dir;
  const std::string content(GENERATE(as<std::size_t>(), 0, 1, 512, 700), 'x');
  const std::string ending = GENERATE("tar", "tar.gz");
  make_tar(dir, "add('a', b'x' * 1000)\nadd('d', type=tarfile.DIRTYPE)\nadd('b', b'x' * " +
                    std::to_string(content.size()) + ")");
  const std::string whole = read(dir / "evil.tar");
  const std::size_t end = 512 + 1024 + 512 + 512 + (content.size() + 511) / 512 * 512;  // headers and padded contents
  REQUIRE(whole.size() >= end + 1024);
  const bool cut = GENERATE(true, false);
  write(dir / "in.tar", whole.substr(0, cut ? end : end + 512));  // one block of zeros is an end
  if (ending == "tar.gz") REQUIRE(std::system(("gzip " + (dir / "in.tar").string()).c_str()) == 0);
  const auto ran = dir.run("extract", {{"from", "in." + ending}, {"to", "out"}});
  CAPTURE(content.size(), ran.report.message);
  CHECK((ran.outcome == Outcome::failure) == cut);
  if (cut) CHECK_THAT(ran.report.message, Catch::Contains("it was cut short"));
  CHECK(stdfs::exists(dir / "out") != cut);
}

TEST_CASE("an archive that means harm is refused as a whole", "[file]") {
  const auto [script, says] = GENERATE(table<const char*, const char*>({
      {"add('../evil', b'x')", "leads out of the folder"},
      {"add('a/../../evil', b'x')", "leads out of the folder"},
      {"add('/tmp/evil', b'x')", "leads out of the folder"},
      {"add('d/' * 400 + 'f', b'x')", "lies deeper than 256 folders"},
      {"add('l', type=tarfile.SYMTYPE, linkname='/etc')", "is a link out of the folder"},
      {"add('l', type=tarfile.SYMTYPE, linkname='..')", "is a link out of the folder"},
      {"add('d/l', type=tarfile.SYMTYPE, linkname='x/../../..')", "is a link out of the folder"},
      {"add('d/l', type=tarfile.SYMTYPE, linkname='.')\nadd('d/l/x', b'x')", "cannot go into"},
      {"add('h', type=tarfile.LNKTYPE, linkname='../precious')", "is a hard link out of the folder"},
      {"add('h', type=tarfile.LNKTYPE, linkname='none')", "is a hard link to no file"},
      {"add('l', type=tarfile.SYMTYPE, linkname='x')\nadd('h', type=tarfile.LNKTYPE, linkname='l')",
       "is a hard link to no file"},
      {"add('null', type=tarfile.CHRTYPE, devmajor=1, devminor=3)", "is a device"},
      {"add('pipe', type=tarfile.FIFOTYPE)", "is a device, a FIFO"},
      {"add('big', b'x' * 5000)", "more than max_bytes, 4.0 KiB"},
      {"add('one', b'x' * 2500)\nadd('two', b'x' * 2500)", "more than max_bytes"},
      {"for n in range(11): add(str(n))", "more than max_files, 10"},
  }));
  Folder dir;
  write(dir / "precious", "p");
  make_tar(dir, "add('good', b'good')\n" + std::string(script));
  const std::string dry_run = GENERATE("false", "true");  // it says what the run would
  const auto ran = dir.run(
      "extract", {{"from", "evil.tar"}, {"to", "out"}, {"max_bytes", "4K"}, {"max_files", "10"}, {"dry_run", dry_run}});
  CAPTURE(script, ran.report.message);
  CHECK(ran.outcome == Outcome::failure);
  CHECK_THAT(ran.report.message, Catch::Contains(says));
  CHECK(names(dir.path()) == Names{"precious", "evil.tar", "make.py"});
  CHECK_FALSE(stdfs::exists(dir / "out"));
}

TEST_CASE("set-user-ID of an archive is left out, hard links within it are made, the last of a name counts", "[file]") {
  Folder dir;
  make_tar(dir,
           "add('suid', b'x', mode=0o6755)\nadd('h', type=tarfile.LNKTYPE, linkname='suid')\n"
           "add('closed', type=tarfile.DIRTYPE, mode=0o500)\nadd('closed/f', b'1')\nadd('closed/f', b'22')");
  REQUIRE(dir.run("extract", {{"from", "evil.tar"}, {"to", "out"}}).outcome == Outcome::success);
  struct ::stat status{};
  REQUIRE(::stat((dir / "out/suid").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0755);
  CHECK(status.st_nlink == 2);
  CHECK(read(dir / "out/closed/f") == "22");
  CHECK((stdfs::status(dir / "out/closed").permissions() & stdfs::perms::all) == stdfs::perms(0500));
}
