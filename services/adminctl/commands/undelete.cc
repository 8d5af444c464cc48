// adminctl undelete list|restore: mail that was expunged not too long ago.
#include <ctime>

#include "adminctl/context.h"

namespace tayori::admin {

void add_undelete_command(CLI::App& app, Context& context) {
    struct Options {
        std::string address;
        std::string folder;
        std::string since;
        std::vector<std::uint64_t> ids;
    };
    auto options = std::make_shared<Options>();
    auto* undelete = group(app, "undelete", "expunged mail; deleted accounts: `account undelete`");

    auto* all = command(*undelete, context, "list", "lists expunged mail that can come back", [&context, options] {
        v1::ExpungedRequest request;
        request.set_address(options->address);
        Table table;
        table.column("ID", Align::right);
        table.column("EXPUNGED");
        table.column("FOLDER");
        table.column("SIZE", Align::right);
        table.column("SUBJECT");
        return list<v1::ExpungedMail>(context, &rpc::AdminClient::list_expunged, request, std::move(table),
                                      [](Table& rows, const v1::ExpungedMail& mail) {
                                          rows.row({cat(mail.message_id()), show_time(mail.expunged_s()), mail.folder(),
                                                    show_size(mail.bytes()), shortened(mail.subject(), 60)});
                                      });
    });
    all->add_option("ADDRESS", options->address)->required();

    auto* restore = command(*undelete, context, "restore", "brings expunged mail back", [&context, options]() -> Result<ExitStatus> {
        v1::UndeleteRequest request;
        request.set_address(options->address);
        request.set_folder(options->folder);
        for (auto id : options->ids) request.add_message_id(id);
        if (options->ids.empty() == options->since.empty())
            throw CLI::ValidationError("undelete restore", "name mails by their ID, or all since a time by --since");
        if (!options->since.empty()) {
            auto since = parse_since(options->since, std::time(nullptr));
            if (!since) return fail(std::move(since.error()));
            request.set_since_s(*since);
        }
        return call<v1::UndeleteResponse>(context, &rpc::AdminClient::undelete, request,
                                          [](const v1::UndeleteResponse& reply) {
                                              return cat("Restored ", reply.restored(), " mails.\n");
                                          });
    });
    restore->add_option("ADDRESS", options->address)->required();
    restore->add_option("ID", options->ids, "as `undelete list` shows them");
    restore->add_option("--since", options->since, "all that was expunged since: 2d, 12h, 2026-11-22");
    restore->add_option("--folder", options->folder, "into this folder; else where each was");
}

}  // namespace tayori::admin
