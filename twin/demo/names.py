"""Vietnamese names for streets and public places, in NFC."""

from __future__ import annotations

from unicodedata import normalize

import numpy as np

_PEOPLE_AND_PLACES = """
Lê Lợi|Nguyễn Trãi|Lý Thường Kiệt|Nguyễn Huệ|Quang Trung|Phan Bội Châu|Phan Chu Trinh
Huyền Trân Công Chúa|Nguyễn Công Trứ|Ngô Quyền|Đinh Tiên Hoàng|Lê Thánh Tông|Trần Nhân Tông
Trần Phú|Nguyễn Chí Thanh|Tôn Thất Thuyết|Hàm Nghi|Duy Tân|Hai Bà Trưng|Bà Triệu|Trương Định
Nguyễn Du|Hồ Xuân Hương|Bà Huyện Thanh Quan|Đoàn Thị Điểm|Nguyễn Bỉnh Khiêm|Chu Văn An
Lê Quý Đôn|Lương Thế Vinh|Nguyễn Khuyến|Tản Đà|Chế Lan Viên|Đào Duy Từ|Đào Duy Anh
Trần Bình Trọng|Phạm Ngũ Lão|Yết Kiêu|Dã Tượng|Trần Quang Khải|Trần Quốc Toản|Phạm Hồng Thái
Ngô Sĩ Liên|Nguyễn Hữu Thọ|Tôn Đức Thắng|Phạm Văn Đồng|Trường Chinh|Hoàng Thị Ái|Đặng Thai Mai
Đặng Dung|Đặng Tất|Đặng Trần Côn|Lê Thế Tiết|Lê Thế Hiếu|Trần Hữu Dực|Nguyễn Viết Xuân
Võ Thị Sáu|Lý Tự Trọng|Nguyễn Văn Trỗi|Kim Đồng|Lê Hồng Phong|Nguyễn Thị Minh Khai|Ngô Gia Tự
Hà Huy Tập|Nguyễn Văn Cừ|Hoàng Văn Thụ|Phan Đình Phùng|Phan Đình Giót|Tô Vĩnh Diện|Bế Văn Đàn
La Văn Cầu|Cù Chính Lan|Nguyễn Thái Học|Cao Thắng|Cao Bá Quát|Hoàng Hoa Thám|Nguyễn Thượng Hiền
Trần Cao Vân|Thái Phiên|Lương Văn Can|Lương Khánh Thiện|Bùi Thị Xuân|Bùi Dục Tài|Nguyễn Biểu
Đặng Thí|Thành Cổ|Thạch Hãn|Hiền Lương|Bến Hải|Cửa Tùng|Cồn Cỏ|Khe Sanh|Đường 9|Ái Tử|Vĩnh Linh
Gio Linh|Triệu Hải|Cam Lộ|Đakrông|Thuận Châu|Tân Sở|Sông Hiếu|Cầu Ván|Khóa Bảo|Văn Cao|Xuân Diệu
Huy Cận|Hàn Mặc Tử|Nguyễn Bính|Nam Cao|Ngô Tất Tố|Tố Hữu|Lưu Hữu Phước|Trịnh Công Sơn|Tuệ Tĩnh
Hải Thượng Lãn Ông|Phạm Ngọc Thạch|Đặng Thùy Trâm|Tôn Thất Tùng|Nguyễn Tri Phương|Hoàng Hữu Chấp
Hoàng Hữu Nam|Phan Huy Chú|Phan Văn Trị|Thân Nhân Trung|Mạc Đĩnh Chi|Lê Văn Hưu|Lê Phụng Hiểu
Lê Chưởng|Lê Đại Hành|Lê Ngọc Hân|Lý Nam Đế|Lý Thái Tổ|Mai Hắc Đế|Phùng Hưng|Khúc Hạo
Dương Đình Nghệ|An Dương Vương|Âu Cơ|Lạc Long Quân|Trương Hán Siêu|Trương Công Kỉnh
Nguyễn Cảnh Chân|Nguyễn Vức|Nguyễn Hàm Ninh|Nguyễn Quang Xá|Nguyễn Trung Trực|Nguyễn Thiện Thuật
Nguyễn Đức Cảnh|Nguyễn Phong Sắc|Châu Văn Liêm|Lê Văn Tám|Trần Nguyên Hãn|Trần Khánh Dư
Trần Nhật Duật|Trần Khát Chân|Trần Văn Ơn|Trần Đại Nghĩa|Trần Hoàn|Trần Mạnh Quỳ|Tạ Quang Bửu
Ông Ích Khiêm|Hồ Sĩ Thản|Hồ Tùng Mậu|Hồ Đắc Di|Hoàng Quốc Việt|Hoàng Cầm|Võ Văn Kiệt|Võ Chí Công
Điện Biên Phủ nối dài|Chi Lăng|Bạch Đằng nối dài|Vạn Kiếp|Tây Sơn|Lam Sơn|Đống Đa|Rạch Gầm
Đông Hồ|Phú Xuân
"""

STREETS: list[str] = [
    normalize("NFC", name.strip())
    for name in _PEOPLE_AND_PLACES.replace("\n", "|").split("|")
    if name.strip()
]
PAGODAS = [
    "Tịnh Quang",
    "Bửu Nghiêm",
    "Long Quang",
    "Phước Duyên",
    "Quảng Tế",
    "Đông Hà",
    "Linh Quang",
]
OPERATORS = ["Viettel", "VNPT", "MobiFone"]
INVESTORS = [
    "Ban Quản lý dự án thành phố",
    "Công ty CP Xây dựng Hiếu Giang",
    "Công ty TNHH Phát triển đô thị Trường Thịnh",
    "Trung tâm Phát triển quỹ đất",
]


def street_names(rng: np.random.Generator, count: int) -> list[str]:
    """`count` names in a seeded order; beyond the list, streets are numbered as new quarters do."""
    names = [STREETS[i] for i in rng.permutation(len(STREETS))[:count]]
    return names + [f"Đường số {i + 1}" for i in range(count - len(names))]
