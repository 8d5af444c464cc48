// Each of these declares the keys of some sections; keys.cc calls them in the order of the documentation.
#pragma once

#include "common/settings/table.h"

namespace tayori::settings {

void declare_site(Table& table);
void declare_spoold(Table& table);
void declare_smtpd(Table& table);
void declare_signing(Table& table);
void declare_carriers(Table& table);
void declare_imapd(Table& table);
void declare_pop3d(Table& table);
void declare_fetch(Table& table);
void declare_outbound(Table& table);
void declare_plugins(Table& table);

}  // namespace tayori::settings
