#include "common/legacy/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <clocale>
#include <filesystem>

#include "spool.h"

namespace tayori::legacy {
namespace {

// An archive entry by entry, with names that no tar program would write.
class TarWriter {
  public:
    TarWriter(const std::string& path, int format, int filter) : archive_(::archive_write_new()) {
        ::archive_write_set_format(archive_, format);
        ::archive_write_add_filter(archive_, filter);
        EXPECT_EQ(::archive_write_open_filename(archive_, path.c_str()), ARCHIVE_OK)
            << ::archive_error_string(archive_);
    }
    TarWriter(const TarWriter&) = delete;
    TarWriter& operator=(const TarWriter&) = delete;
    ~TarWriter() { ::archive_write_free(archive_); }

    void file(const std::string& name, const std::string& bytes) {
        put(name, AE_IFREG, bytes, "", "");
    }
    void folder(const std::string& name) { put(name, AE_IFDIR, "", "", ""); }
    void symlink(const std::string& name, const std::string& target) {
        put(name, AE_IFLNK, "", target, "");
    }
    void hardlink(const std::string& name, const std::string& target) {
        put(name, AE_IFREG, "", "", target);
    }

  private:
    void put(const std::string& name, unsigned type, const std::string& bytes,
             const std::string& symlink, const std::string& hardlink) {
        auto* entry = ::archive_entry_new();
        ::archive_entry_set_pathname(entry, name.c_str());
        ::archive_entry_set_filetype(entry, type);
        ::archive_entry_set_perm(entry, 0644);
        ::archive_entry_set_mtime(entry, kSpoolTime, 0);
        if (!symlink.empty()) ::archive_entry_set_symlink(entry, symlink.c_str());
        if (!hardlink.empty()) ::archive_entry_set_hardlink(entry, hardlink.c_str());
        ::archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
        EXPECT_EQ(::archive_write_header(archive_, entry), ARCHIVE_OK)
            << ::archive_error_string(archive_);
        if (!bytes.empty()) ::archive_write_data(archive_, bytes.data(), bytes.size());
        ::archive_entry_free(entry);
    }
    archive* archive_;
};

std::string names(const std::vector<Entry>& entries) {
    std::string out;
    for (const auto& entry : entries) {
        append(out, out.empty() ? "" : " ", entry.path);
        if (entry.kind == EntryKind::directory) out += '/';
        if (entry.kind == EntryKind::special) out += '!';
    }
    return out;
}

// The same content as a directory and as archives of all kinds.
void expect_content(const Tree& tree) {
    const auto top = tree.list("");
    ASSERT_TRUE(top) << top.error().text;
    EXPECT_EQ(names(*top), "a.txt b/ b.txt link!");
    const auto inner = tree.list("b");
    ASSERT_TRUE(inner);
    EXPECT_EQ(names(*inner), "b/1.msg b/\x93\xfa c/");
    EXPECT_EQ(names(*tree.list("b/\x93\xfa c")), "b/\x93\xfa c/deep");
    EXPECT_EQ((*inner)[0].bytes, 10U);
    EXPECT_EQ((*inner)[0].mtime_s, kSpoolTime);
    EXPECT_EQ((*inner)[0].name(), "1.msg");

    EXPECT_EQ(tree.read("b/1.msg", 0, 100).value(), "0123456789");
    EXPECT_EQ(tree.read("b/1.msg", 8, 100).value(), "89");
    EXPECT_EQ(tree.read("b/1.msg", 3, 2).value(), "34");
    EXPECT_EQ(tree.read("b/1.msg", 10, 1).value(), "");
    EXPECT_EQ(tree.read("b/1.msg", 1000, 1).value(), "");
    EXPECT_EQ(tree.read("a.txt", 0, UINT64_MAX / 2).value(), std::string(70'000, 'a'));
    EXPECT_EQ(tree.read_all("a.txt", 70'000)->size(), 70'000U);
    EXPECT_EQ(tree.read_all("a.txt", 69'999).error().kind, Kind::too_big);
    EXPECT_EQ(tree.read("b/\x93\xfa c/deep", 0, 9).value(), "deep");
    EXPECT_EQ(tree.stat("b")->kind, EntryKind::directory);
    EXPECT_EQ(tree.stat("b/1.msg")->bytes, 10U);
    EXPECT_EQ(tree.stat("")->kind, EntryKind::directory);

    EXPECT_EQ(tree.read("nothing", 0, 1).error().kind, Kind::not_found);
    EXPECT_EQ(tree.list("nothing").error().kind, Kind::not_found);
    EXPECT_EQ(tree.stat("b/nothing").error().kind, Kind::not_found);
    for (const char* path :
         {"..", "b/..", "../etc/passwd", "/etc/passwd", "b//1.msg", "./a.txt", "b/./1.msg", "b/"}) {
        EXPECT_EQ(tree.read(path, 0, 1).error().kind, Kind::denied) << path;
        EXPECT_EQ(tree.stat(path).error().kind, Kind::denied) << path;
        EXPECT_FALSE(tree.list(path)) << path;
    }
    EXPECT_EQ(tree.read(std::string("a.txt\0", 6), 0, 1).error().kind, Kind::denied);
    EXPECT_EQ(tree.read("link", 0, 1).error().kind, Kind::denied);
    EXPECT_EQ(tree.stat("link").error().kind, Kind::denied);
    EXPECT_FALSE(tree.read("link/passwd", 0, 1));
    EXPECT_EQ(tree.list("a.txt").error().kind, Kind::denied);
    EXPECT_EQ(tree.read("b", 0, 1).error().kind, Kind::denied);
}

void write_content(TarWriter& tar) {
    tar.file("./b.txt", "b");
    tar.symlink("./link", "/etc");
    tar.file("./b/1.msg", "replaced");
    tar.file("./a.txt", std::string(70'000, 'a'));
    tar.folder("./b/");
    tar.file("./b/1.msg", "0123456789");
    tar.file("./b/\x93\xfa c/deep", "deep");
}

TEST(Tree, Directory) {
    Spool spool;
    spool.file("b.txt", "b");
    spool.file("a.txt", std::string(70'000, 'a'));
    spool.file("b/1.msg", "0123456789");
    spool.file("b/\x93\xfa c/deep", "deep");
    spool.link("/etc", "link");
    const auto& tree = spool.tree();
    expect_content(tree);
    EXPECT_EQ(tree.origin(), "dir:" + spool.path().substr(0, spool.path().size() - 1));
}

TEST(Tree, DirectoryThroughLinksIsDenied) {
    Spool spool;
    spool.file("real/secret", "x");
    spool.link("real", "way");
    spool.link("real/secret", "file");
    spool.folder("box");
    const auto& tree = spool.tree();
    EXPECT_EQ(tree.read("way/secret", 0, 1).error().kind, Kind::denied);
    EXPECT_EQ(tree.read("file", 0, 1).error().kind, Kind::denied);
    EXPECT_EQ(tree.list("way").error().kind, Kind::denied);
    // A file that becomes a link after it was listed.
    ASSERT_TRUE(tree.read("real/secret", 0, 1));
    spool.file("box/a", "a");
    ASSERT_TRUE(tree.read("box/a", 0, 1));
    spool.remove("real/secret");
    spool.link("/etc/passwd", "real/secret");
    EXPECT_EQ(tree.read("real/secret", 0, 1).error().kind, Kind::denied);
}

TEST(Tree, DeviceIsDeniedWithoutBeingOpened) {
    Spool spool;
    ASSERT_EQ(::mkfifo(spool.path("pipe").c_str(), 0600), 0);
    const auto& tree = spool.tree();
    EXPECT_EQ(names(*tree.list("")), "pipe!");
    EXPECT_EQ(tree.read("pipe", 0, 1).error().kind, Kind::denied);
}

// Files that were opened beforehand: each is read as itself, in whatever order, again, after it has grown, or not at all.
TEST(Tree, FilesThatWereExpected) {
    constexpr std::size_t kFiles = 1'000;
    Spool spool;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < kFiles; ++i) {
        paths.push_back(cat("box/", i));
        spool.file(paths.back(), cat("mail ", i));
    }
    const auto& tree = spool.tree();
    const auto text = [&](std::size_t i) { return tree.read(paths[i], 0, 100).value_or("not read"); };
    tree.expect(paths);
    for (std::size_t i = 0; i < kFiles; i += i % 7 == 0 ? 3 : 1) {
        ASSERT_EQ(text(i), cat("mail ", i));
        ASSERT_EQ(text(i / 2), cat("mail ", i / 2));
        if (i % 11 != 0) continue;
        ASSERT_EQ(text(i), cat("mail ", i));
        spool.file(paths[i], cat("mail ", i, " has grown"));
        ASSERT_EQ(text(i), cat("mail ", i, " has grown"));
        spool.file(paths[i], cat("mail ", i));
    }
    for (std::size_t i = kFiles; i-- > 0;) ASSERT_EQ(text(i), cat("mail ", i));
    EXPECT_FALSE(tree.read("box/none", 0, 100));
    tree.expect({});
    EXPECT_EQ(text(1), "mail 1");
}

TEST(Tree, ArchivesOfAllKinds) {
    const struct {
        int format;
        int filter;
    } cases[] = {
        {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE},
        {ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE},
        {ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP},
        {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_ZSTD},
    };
    for (const auto& c : cases) {
        Spool spool;
        {
            TarWriter tar(spool.path("t.tar"), c.format, c.filter);
            write_content(tar);
        }
        const auto tree = open_tree(spool.path("t.tar"));
        ASSERT_TRUE(tree) << tree.error().text << tree.error().detail;
        expect_content(**tree);
        EXPECT_EQ((*tree)->origin(), "tar:" + spool.path("t.tar"));
    }
}

TEST(Tree, ArchiveWithLongJapaneseNames) {
    Spool spool;
    const std::string folder = "inbox/example.jp/利用者/" + std::string(180, 'x');
    // The writer needs a locale to write them as UTF-8; the reader has to do without.
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    {
        TarWriter tar(spool.path("t.tar"), ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE);
        tar.file(folder + "/メール.MSG", "text");
    }
    std::setlocale(LC_CTYPE, "C");
    const auto tree = open_tree(spool.path("t.tar"));
    ASSERT_TRUE(tree) << tree.error().text;
    EXPECT_EQ((*tree)->read(folder + "/メール.MSG", 0, 9).value(), "text");
}

TEST(Tree, ArchiveWithHardLinks) {
    Spool spool;
    {
        TarWriter tar(spool.path("t.tar"), ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE);
        tar.file("cur/1", "mail");
        tar.hardlink("copy/1", "cur/1");
        tar.hardlink("copy/2", "/etc/passwd");
    }
    const auto tree = open_tree(spool.path("t.tar"));
    ASSERT_TRUE(tree);
    EXPECT_EQ((*tree)->read("copy/1", 0, 9).value(), "mail");
    EXPECT_EQ((*tree)->read("copy/2", 0, 9).error().kind, Kind::denied);
}

TEST(Tree, ArchiveNamesThatLeadOut) {
    Spool spool;
    {
        TarWriter tar(spool.path("t.tar"), ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE);
        tar.file("/etc/passwd", "root");
        tar.file("../up", "up");
        tar.file("a/../../up", "up");
        tar.file("fine", "fine");
    }
    const auto tree = open_tree(spool.path("t.tar"));
    ASSERT_TRUE(tree);
    EXPECT_EQ(names(*(*tree)->list("")), "fine /etc/passwd! ../up! a/../../up!");
    EXPECT_EQ((*tree)->read("/etc/passwd", 0, 9).error().kind, Kind::denied);
    EXPECT_EQ((*tree)->read("../up", 0, 9).error().kind, Kind::denied);
}

TEST(Tree, ArchiveWithFilesBelowAFile) {
    Spool spool;
    {
        TarWriter tar(spool.path("t.tar"), ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE);
        tar.symlink("a", "/etc");
        tar.file("a/passwd", "root");
    }
    EXPECT_EQ(open_tree(spool.path("t.tar")).error().kind, Kind::corrupt);
}

TEST(Tree, DamagedArchives) {
    for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP}) {
        Spool spool;
        {
            TarWriter tar(spool.path("t.tar"), ARCHIVE_FORMAT_TAR_GNUTAR, filter);
            std::string noise;
            for (std::uint32_t i = 0, x = 1; i < 300'000; ++i, x = x * 1664525 + 1013904223)
                noise += static_cast<char>(x >> 24);
            tar.file("a", "a");
            tar.file("big", noise);
        }
        std::filesystem::resize_file(spool.path("t.tar"), 150'000);
        const auto tree = open_tree(spool.path("t.tar"));
        ASSERT_FALSE(tree);
        EXPECT_EQ(tree.error().kind, Kind::corrupt) << tree.error().detail;
    }
    Spool spool;
    spool.file("text", "This is no archive.");
    EXPECT_EQ(open_tree(spool.path("text")).error().kind, Kind::invalid);
    spool.file("empty", "");
    EXPECT_FALSE(open_tree(spool.path("empty")));
    EXPECT_EQ(open_tree(spool.path("nothing")).error().kind, Kind::not_found);
    EXPECT_EQ(open_tree("/dev/null").error().kind, Kind::invalid);
}

TEST(Tree, FindIgnoringCase) {
    const std::vector<Entry> entries = {{"x/IMS.CTL", EntryKind::file, 0, 0},
                                        {"x/Ims.ctl", EntryKind::file, 0, 0},
                                        {"x/ims.ctl", EntryKind::file, 0, 0}};
    EXPECT_EQ(find_ignoring_case(entries, "ims.ctl"), &entries[2]);
    EXPECT_EQ(find_ignoring_case(entries, "ims.CTL"), &entries[0]);
    EXPECT_EQ(find_ignoring_case(entries, "uid"), nullptr);
}

}  // namespace
}  // namespace tayori::legacy
