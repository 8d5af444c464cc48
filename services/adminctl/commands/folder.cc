// adminctl folder list|create|rename|delete; names as people write them, "/" between levels.
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string marks(const v1::Folder& folder) {
    std::string out;
    if (folder.special_use() != v1::SPECIAL_USE_UNSPECIFIED)
        out = to_lower(v1::SpecialUse_Name(folder.special_use()).substr(std::string_view("SPECIAL_USE_").size()));
    if (!folder.selectable()) append(out, out.empty() ? "" : ", ", "level only");
    if (folder.subscribed()) append(out, out.empty() ? "" : ", ", "subscribed");
    return out;
}

std::string folder_text(const v1::AccountFolders& reply) {
    Table table;
    table.column("FOLDER");
    table.column("MESSAGES", Align::right);
    table.column("UNSEEN", Align::right);
    table.column("SIZE", Align::right);
    table.column("NOTES");
    for (const auto& folder : reply.folders())
        table.row({folder.name(), cat(folder.messages()), cat(folder.unseen()), show_size(folder.bytes()),
                   marks(folder)});
    return table.empty() ? std::string("none\n") : table.text();
}

struct FolderOptions {
    std::string address;
    std::string folder;
    std::string to;
};

v1::AccountFolderRequest folder_request(const FolderOptions& options) {
    v1::AccountFolderRequest request;
    request.set_address(options.address);
    request.set_folder(options.folder);
    return request;
}

}  // namespace

void add_folder_command(CLI::App& app, Context& context) {
    auto* folder = group(app, "folder", "an account's folders; names as they are, \"/\" between levels");
    auto options = std::make_shared<FolderOptions>();

    auto* all = command(*folder, context, "list", "lists them", [&context, options] {
        v1::AccountFoldersRequest request;
        request.set_address(options->address);
        return call<v1::AccountFolders>(context, &rpc::AdminClient::list_account_folders, request, folder_text);
    });
    all->add_option("ADDRESS", options->address)->required();

    auto* create = command(*folder, context, "create", "creates one, with the levels above it", [&context, options] {
        return call<v1::Folder>(context, &rpc::AdminClient::create_account_folder, folder_request(*options),
                                [](const v1::Folder& made) { return cat("Created ", printable(made.name()), ".\n"); });
    });
    create->add_option("ADDRESS", options->address)->required();
    create->add_option("FOLDER", options->folder)->required();

    auto* rename = command(*folder, context, "rename",
                           "renames one with all below it; of INBOX, moves its mail and leaves an empty INBOX",
                           [&context, options] {
                               v1::RenameAccountFolderRequest request;
                               request.set_address(options->address);
                               request.set_from(options->folder);
                               request.set_to(options->to);
                               return call<v1::AccountFolders>(context, &rpc::AdminClient::rename_account_folder,
                                                               request, folder_text);
                           });
    rename->add_option("ADDRESS", options->address)->required();
    rename->add_option("FROM", options->folder)->required();
    rename->add_option("TO", options->to)->required();

    auto* remove = command(*folder, context, "delete", "deletes one; its mail can be undeleted for a while",
                           [&context, options] {
                               return call<v1::AccountFolders>(context, &rpc::AdminClient::delete_account_folder,
                                                               folder_request(*options), folder_text);
                           });
    remove->add_option("ADDRESS", options->address)->required();
    remove->add_option("FOLDER", options->folder)->required();
}

}  // namespace tayori::admin
